using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Orleans.CodeGeneration;
using Orleans.Concurrency;
using Orleans.Counter.Counting;
using Orleans.Serialization.Invocation;

namespace Orleans.Counter.Tests.Simulation;

/// <summary>The silos, the grains that live there, and the network between them, which loses calls and answers and knows addresses that are no longer true.</summary>
internal sealed class SimCluster(World world, Faults faults, SimTables tables) : IGrainReferenceRuntime
{
    public static readonly GrainType ShardType = GrainType.Create("shard");
    private static readonly GrainType VideoType = GrainType.Create("video");

    private readonly Dictionary<GrainId, List<Activation>> _activations = []; // The last one is the one that the directory knows, if any.
    private readonly HashSet<Activation> _forgotten = [];
    private readonly List<SimSilo> _silos = [];
    private int _silosMade;
    private long _version = 1;

    public World World => world;

    public Faults Faults => faults;

    public SimTables Tables => tables;

    /// <summary>What videos and shards say to those who ask whether a write can be seen.</summary>
    public required Witness Witness { get; init; }

    /// <summary>The hub of the silos that join from now on.</summary>
    public required SimHub Hub { get; set; }

    public SimSightings Sightings { get; } = new(world, faults);

    public SimLetters Letters { get; } = new(world, faults);

    public MemorySegmentStore Segments { get; } = new();

    public IReadOnlyList<SimSilo> Silos => _silos;

    /// <summary>Silos that were declared dead and go on all the same.</summary>
    public List<SimSilo> Expelled { get; } = [];

    public ClusterMembershipSnapshot Members { get; private set; } = SimSilo.Snapshot([], 0);

    public SimSilo Join()
    {
        var silo = new SimSilo(this, ++_silosMade);
        _silos.Add(silo);
        Changed();
        return silo;
    }

    /// <summary>The others declare a silo dead. Whether it is, it does not know itself.</summary>
    public void Expel(SimSilo silo, bool isDead)
    {
        world.Say(() => $"{silo.Name} is expelled{(isDead ? " and dead" : "")}");
        silo.IsExpelled = true;
        _silos.Remove(silo);
        foreach (var activation in silo.Activations) Forget(activation);
        if (isDead) silo.Die();
        else Expelled.Add(silo);
        Changed();
    }

    /// <summary>The directory does not know it any more; it may live on.</summary>
    public void Forget(Activation activation) => _forgotten.Add(activation);

    /// <summary>False of an activation that another one has replaced, or will at the next call.</summary>
    public bool Knows(Activation activation) => !_forgotten.Contains(activation);

    public IReadOnlyList<Activation> All => [.. _activations.Values.SelectMany(all => all).Where(activation => !_forgotten.Contains(activation))];

    /// <summary>A call as Orleans makes it: it reaches an activation once or never, and the answer reaches the caller once, or never, or the caller has given up.</summary>
    public Task<T> Call<T>(GrainId target, Activation? from, bool interleaves, Func<Activation, Task<T>> call)
    {
        var answer = new TaskCompletionSource<T>();
        world.After(TimeSpan.FromMinutes(world.IsCalm ? 10 : 1 + world.Random.Next(10)), () =>
        {
            if (!answer.Task.IsCompleted) answer.SetException(new TimeoutException($"{target} did not answer in time."));
        });
        if (world.Chance(faults.CallLost)) return answer.Task;
        world.After(world.UpTo(faults.CallDelay), Arrive);
        return answer.Task;

        void Arrive()
        {
            var activation = Find(target, from);
            world.Say(() => $"    {from?.GrainId} on {from?.Silo.Name} calls {target} on {activation.Silo.Name}");
            activation.Receive(
                interleaves,
                async () =>
                {
                    T result;
                    try
                    {
                        result = await call(activation);
                    }
                    catch (Exception exception)
                    {
                        world.Say(() => $"    {target} on {activation.Silo.Name} failed: {exception.Message}");
                        Answer(() => answer.TrySetException(exception));
                        return;
                    }

                    Answer(() => answer.TrySetResult(result));
                },
                () => world.After(world.UpTo(faults.CallDelay), Arrive));
        }

        void Answer(Action reply)
        {
            if (!world.Chance(faults.CallLost)) world.After(world.UpTo(faults.CallDelay), reply);
        }
    }

    public SimReference Reference(GrainId id, Activation? owner) => id.Type == ShardType ? new ShardReference(this, id, owner) : new VideoReference(this, id, owner);

    public IGrainFactory Factory(Activation owner)
    {
        var factory = DispatchProxy.Create<IGrainFactory, FactoryProxy>();
        ((FactoryProxy)(object)factory).Make = (grain, key) => Reference(GrainId.Create(grain == typeof(IShardGrain) ? ShardType : VideoType, key), owner);
        return factory;
    }

    public object Cast(IAddressable grain, Type interfaceType) => grain is Grain made ? made.GrainContext.GrainReference : grain;

    public ValueTask<T?> InvokeMethodAsync<T>(GrainReference reference, IInvokable request, InvokeMethodOptions options) => throw new NotSupportedException();

    public ValueTask InvokeMethodAsync(GrainReference reference, IInvokable request, InvokeMethodOptions options) => throw new NotSupportedException();

    public void InvokeMethod(GrainReference reference, IInvokable request, InvokeMethodOptions options) => throw new NotSupportedException();

    private Activation Find(GrainId id, Activation? from)
    {
        if (!_activations.TryGetValue(id, out var all)) _activations[id] = all = [];
        all.RemoveAll(activation => activation.Turns.IsDead);

        // An old address; and a process that the others hold for dead knows only old ones, mostly its own.
        var old = all.Where(activation => _forgotten.Contains(activation) || activation.Silo == from?.Silo).ToList();
        if (old.Count > 0 && world.Chance(from is { Silo.IsExpelled: true } ? 0.8 : faults.OldAddress)) return world.Any(old);
        if (all.FindLast(activation => !_forgotten.Contains(activation)) is { } known) return known;
        var key = id.Key.ToString()!;
        var shard = id.Type == ShardType ? key : Shard.Of(VideoId.Parse(key)).ToString();
        var home = world.Chance(0.2) ? world.Any(_silos) : _silos.Find(silo => silo.SiloAddress.Equals(Rendezvous.Home(shard, Members.Members.Keys)))!;
        world.Say(() => $"{id} wakes up on {home.Name}");
        all.Add(new(this, home, id));
        return all[^1];
    }

    private void Changed()
    {
        Members = SimSilo.Snapshot(_silos, ++_version);
        var members = Members;
        foreach (var silo in _silos)
            world.After(world.UpTo(faults.CallDelay), () =>
            {
                if (!silo.IsExpelled && silo.CurrentSnapshot.Version < members.Version) silo.CurrentSnapshot = members;
            });
    }

    [SuppressMessage("Performance", "CA1852", Justification = "A proxy is a subclass of it.")]
    private class FactoryProxy : DispatchProxy
    {
        public Func<Type, string, GrainReference> Make { get; set; } = (_, _) => throw new NotSupportedException();

        protected override object Invoke(MethodInfo? targetMethod, object?[]? args) => Make(targetMethod!.GetGenericArguments()[0], (string)args![0]!);
    }
}

/// <summary>A reference to a grain, in the hands of an activation.</summary>
internal abstract class SimReference(SimCluster cluster, GrainId id, Activation? owner)
    : GrainReference(new(id.Type, GrainInterfaceType.Create(id.Type.ToString()!), 0, cluster, InvokeMethodOptions.None, null!, null!, null!), id.Key)
{
    protected SimCluster Cluster => cluster;

    protected async ValueTask<T> Call<T>(bool interleaves, Func<Grain, ValueTask<T>> call) => await cluster.Call(GrainId, owner, interleaves, activation => call(activation.Grain).AsTask());

    protected static bool Interleaves(Type grain, string method) => grain.GetMethod(method)!.IsDefined(typeof(AlwaysInterleaveAttribute), inherit: false);
}

internal sealed class VideoReference(SimCluster cluster, GrainId id, Activation? owner) : SimReference(cluster, id, owner), IVideoGrain
{
    private static readonly bool ApplyInterleaves = Interleaves(typeof(IVideoGrain), nameof(Apply));
    private static readonly bool CorrectInterleaves = Interleaves(typeof(IVideoGrain), nameof(Correct));
    private static readonly bool ImportInterleaves = Interleaves(typeof(IVideoGrain), nameof(Import));
    private static readonly bool DayInterleaves = Interleaves(typeof(IVideoGrain), nameof(Day));
    private static readonly bool FlushInterleaves = Interleaves(typeof(IVideoGrain), nameof(Flush));

    public ValueTask<Applied> Apply(Position given, IReadOnlyList<Entry> entries, CancellationToken cancellationToken = default) =>
        Call(ApplyInterleaves, grain => ((IVideoGrain)grain).Apply(given, entries, CancellationToken.None));

    public ValueTask<Flushed> Flush(CancellationToken cancellationToken = default) => Call(FlushInterleaves, grain => ((IVideoGrain)grain).Flush(CancellationToken.None));

    public ValueTask<Recent> Recent(EventType type, CancellationToken cancellationToken = default) => Call(interleaves: true, async grain =>
    {
        if (!Cluster.Knows((Activation)grain.GrainContext)) Cluster.Witness.IsAskedOfAReplacedOne(VideoId.Parse(GrainId.Key.ToString()!));
        return await ((IVideoGrain)grain).Recent(type, CancellationToken.None);
    });

    public ValueTask<IReadOnlyList<WindowCount>> Windows(EventType type, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask<Portrait> Portrait(CancellationToken cancellationToken = default) => Call(interleaves: true, grain => ((IVideoGrain)grain).Portrait(CancellationToken.None));

    public ValueTask<Portrait> Describe(Metadata metadata, CancellationToken cancellationToken = default) =>
        Call(interleaves: true, grain => ((IVideoGrain)grain).Describe(metadata, CancellationToken.None));

    public ValueTask<Corrected> Correct(Correction correction, CancellationToken cancellationToken = default) =>
        Call(CorrectInterleaves, grain => ((IVideoGrain)grain).Correct(correction, CancellationToken.None));

    public ValueTask<Imported> Import(EventType type, IReadOnlyList<ImportedMinute> minutes, CancellationToken cancellationToken = default) =>
        Call(ImportInterleaves, grain => ((IVideoGrain)grain).Import(type, minutes, CancellationToken.None));

    public ValueTask<CountedDay> Day(DateOnly day, CancellationToken cancellationToken = default) => Call(DayInterleaves, grain => ((IVideoGrain)grain).Day(day, CancellationToken.None));

    public ValueTask<bool> Repair(Repair repair, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask<bool> Remove(CancellationToken cancellationToken = default) => throw new NotSupportedException();
}

internal sealed class ShardReference(SimCluster cluster, GrainId id, Activation? owner) : SimReference(cluster, id, owner), IShardGrain
{
    private static readonly bool SeesInterleaves = Interleaves(typeof(IShardGrain), nameof(Sees));

    public ValueTask<Position?> Sees(VideoId video, ulong writer, FrameNumbers frames, CancellationToken cancellationToken = default) =>
        Call(SeesInterleaves, grain => ((IShardGrain)grain).Sees(video, writer, frames, CancellationToken.None));

    public ValueTask<Progress> Progress(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask<Cell> ChannelTotal(string channelId, EventType type, CancellationToken cancellationToken = default) =>
        Call(interleaves: true, grain => ((IShardGrain)grain).ChannelTotal(channelId, type, CancellationToken.None));

    public ValueTask<IReadOnlyList<VideoId>> ChannelVideos(string channelId, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask<ShardTop> Top(EventType type, IReadOnlyList<TopWindow> windows, int most, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask<KnownNews> Known(long? seed, long changes, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public async ValueTask Forget(IReadOnlyList<string> channels, VideoId? video, Position through, CancellationToken cancellationToken = default) => await Call(
        interleaves: true,
        async grain =>
        {
            await ((IShardGrain)grain).Forget(channels, video, through, CancellationToken.None);
            return true;
        });

    public ValueTask Leave(CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
