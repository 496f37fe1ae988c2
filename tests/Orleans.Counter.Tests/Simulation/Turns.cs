using System.Reflection;

namespace Orleans.Counter.Tests.Simulation;

/// <summary>What runs one after the other: the turns of a grain's activation, of a pulling agent, or of a process's background. Orleans keeps their order; so does this.</summary>
internal sealed class Turns(World world, IGrainContext? grain = null) : TaskScheduler
{
    private static readonly MethodInfo SetContext = typeof(Grain).Assembly.GetType("Orleans.Runtime.RuntimeContext", throwOnError: true)!
        .GetMethod("ResetExecutionContext", BindingFlags.Static | BindingFlags.NonPublic)!;

    private static readonly Action<IGrainContext?> SetCurrent = SetContext.CreateDelegate<Action<IGrainContext?>>();

    private readonly Queue<Task> _waiting = new();
    private bool _isReady;
    private bool _isFrozen;

    /// <summary>True after the process has died: nothing of it happens any more.</summary>
    public bool IsDead { get; private set; }

    public void Die()
    {
        IsDead = true;
        _waiting.Clear();
    }

    /// <summary>Stands still, and then goes on as if nothing had happened: a process that was swapped out.</summary>
    public void Freeze(TimeSpan time)
    {
        _isFrozen = true;
        world.After(time, () =>
        {
            _isFrozen = false;
            Wake();
        });
    }

    public Task Run(Func<Task> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    /// <summary>One turn; false if there is no further one.</summary>
    public bool Step()
    {
        if (!_isFrozen && _waiting.TryDequeue(out var task))
        {
            SetCurrent(grain);
            TryExecuteTask(task);
            SetCurrent(null);
        }

        return _isReady = !_isFrozen && _waiting.Count > 0;
    }

    /// <summary>Makes a grain whose context this is.</summary>
    public static T Create<T>(IGrainContext context, Func<T> create)
    {
        SetCurrent(context);
        try
        {
            return create();
        }
        finally
        {
            SetCurrent(null);
        }
    }

    protected override void QueueTask(Task task)
    {
        if (!world.IsHere() || IsDead) return;
        _waiting.Enqueue(task);
        Wake();
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => _waiting;

    private void Wake()
    {
        if (_isReady || _isFrozen || _waiting.Count == 0) return;
        _isReady = true;
        world.Ready(this);
    }
}
