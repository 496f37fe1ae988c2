using System.Reflection;

namespace Orleans.Counter.Tests.Rollup;

/// <summary>Counts the calls to some stores, and has something happen at one of them.</summary>
internal sealed class Steps
{
    /// <summary>How many calls there have been.</summary>
    public int Taken { get; private set; }

    /// <summary>The shard that each call was about; null for those about the group, or a single video.</summary>
    public List<Shard?> Shards { get; } = [];

    /// <summary>The numbers of the calls, without those about shards that have no video: one of them is like the other.</summary>
    public IEnumerable<int> ThatMatter => Enumerable.Range(0, Taken).Where(number => Shards[number] is not { } shard || RollupWorld.Shards.Contains(shard));

    /// <summary>Called with the number of a call, from 0: before it is made, and after it.</summary>
    public Action<int>? Before { get; set; }

    public Action<int>? After { get; set; }

    public T Of<T>(T store) where T : class
    {
        var hooked = DispatchProxy.Create<T, StepHook>();
        ((StepHook)(object)hooked).Is(store, this);
        return hooked;
    }

    public object? Take(object?[]? arguments, Func<object?> call)
    {
        var number = Taken++;
        Shards.Add(arguments?.OfType<Shard>().Select(shard => (Shard?)shard).FirstOrDefault());
        Before?.Invoke(number);
        var answer = call();
        After?.Invoke(number);
        return answer;
    }
}

/// <summary>Stands before a store; stores in memory have done what they are asked when they return.</summary>
#pragma warning disable CA1852 // A proxy is derived from it.
internal class StepHook : DispatchProxy
#pragma warning restore CA1852
{
    private object? _store;
    private Steps? _steps;

    public void Is(object store, Steps steps) => (_store, _steps) = (store, steps);

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        try
        {
            return _steps!.Take(args, () => targetMethod!.Invoke(_store, args));
        }
        catch (TargetInvocationException wrapped)
        {
            throw wrapped.InnerException!;
        }
    }
}

/// <summary>The process has died here.</summary>
internal sealed class Killed : Exception;
