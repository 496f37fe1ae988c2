namespace Orleans.Counter.Tests.Simulation;

/// <summary>One activation of a grain: calls one at a time, but for those that interleave, and an end when it is idle and has asked for it.</summary>
internal sealed class Activation : IGrainContext
{
    private readonly SimCluster _cluster;
    private readonly Queue<(bool Interleaves, Func<Task> Work, Action Elsewhere)> _waiting = new();
    private readonly List<SimTimer> _timers = [];
    private readonly Runtime _runtime;
    private int _running;
    private bool _isBusy;
    private bool _isEnding;

    public Activation(SimCluster cluster, SimSilo silo, GrainId id)
    {
        (_cluster, Silo, GrainId) = (cluster, silo, id);
        _runtime = new(this, cluster, silo);
        Turns = new(cluster.World, this);
        GrainReference = cluster.Reference(id, this);
        Grain = Turns.Create(this, () => silo.Create(this));
        Subscription = new(Grain, this);
        silo.Activations.Add(this);
    }

    public SimSilo Silo { get; }

    public Turns Turns { get; }

    public Grain Grain { get; }

    public SimSubscription Subscription { get; }

    public bool IsLeaving { get; private set; }

    public bool IsShard => GrainId.Type == SimCluster.ShardType;

    public GrainReference GrainReference { get; }

    public GrainId GrainId { get; }

    public object? GrainInstance => Grain;

    public ActivationId ActivationId { get; } = ActivationId.NewId();

    public GrainAddress Address => new() { GrainId = GrainId, SiloAddress = Silo.SiloAddress, ActivationId = ActivationId };

    public IServiceProvider ActivationServices => _runtime;

    public IGrainLifecycle ObservableLifecycle => throw new NotSupportedException();

    public IWorkItemScheduler Scheduler => throw new NotSupportedException();

    public Task Deactivated => throw new NotSupportedException();

    /// <summary>Does the work when it is its turn; if that never comes because the activation ends, it is done elsewhere.</summary>
    public void Receive(bool interleaves, Func<Task> work, Action elsewhere)
    {
        if (_isEnding) elsewhere();
        else if (IsLeaving || (_isBusy && !interleaves)) _waiting.Enqueue((interleaves, work, elsewhere));
        else Begin(interleaves, work);
    }

    public void Add(SimTimer timer) => _timers.Add(timer);

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        if (IsLeaving) return;
        IsLeaving = true;
        if (_cluster.World.Chance(0.3)) _cluster.Forget(this); // The directory may be quicker than the grain.
        if (_running == 0) Turns.Run(End);
    }

    public void Migrate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken = default) => Deactivate(default, cancellationToken);

    public void Activate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public void Rehydrate(IRehydrationContext context) => throw new NotSupportedException();

    public void ReceiveMessage(object message) => throw new NotSupportedException();

    public TTarget? GetTarget<TTarget>()
        where TTarget : class => Grain as TTarget;

    public object? GetTarget() => Grain;

    public object? GetComponent(Type componentType) => null;

    public void SetComponent<TComponent>(TComponent? value)
        where TComponent : class
    {
    }

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    public override int GetHashCode() => GrainId.GetHashCode();

    private void Begin(bool interleaves, Func<Task> work)
    {
        _running++;
        if (!interleaves) _isBusy = true;
        Turns.Run(async () =>
        {
            await work();
            _running--;
            if (!interleaves) _isBusy = false;
            if (IsLeaving)
            {
                if (_running == 0 && !_isEnding) await End();
            }
            else if (!_isBusy && _waiting.TryDequeue(out var next)) Begin(next.Interleaves, next.Work);
        });
    }

    private async Task End()
    {
        _isEnding = true;
        foreach (var timer in _timers) timer.Dispose();
        try
        {
            await Grain.OnDeactivateAsync(default, CancellationToken.None);
        }
        catch (Exception exception)
        {
            _cluster.World.Say(() => $"{GrainId} ended badly: {exception.Message}");
        }

        _cluster.Forget(this);
        while (_waiting.TryDequeue(out var next)) next.Elsewhere();
    }

    /// <summary>What Orleans gives to a grain.</summary>
    private sealed class Runtime(Activation activation, SimCluster cluster, SimSilo silo) : IGrainRuntime, IServiceProvider, Orleans.Timers.ITimerRegistry
    {
        public string SiloIdentity => silo.Name;

        public SiloAddress SiloAddress => silo.SiloAddress;

        public IGrainFactory GrainFactory { get; } = cluster.Factory(activation);

        public Orleans.Timers.ITimerRegistry TimerRegistry => this;

        public IServiceProvider ServiceProvider => this;

        public object? GetService(Type serviceType) => serviceType == typeof(IGrainRuntime) ? this : null;

        public void DeactivateOnIdle(IGrainContext grainContext) => activation.Deactivate(default);

        public void DelayDeactivation(IGrainContext grainContext, TimeSpan timeSpan) => throw new NotSupportedException();

        public Orleans.Core.IStorage<TGrainState> GetStorage<TGrainState>(IGrainContext grainContext) => throw new NotSupportedException();

        public IDisposable RegisterTimer(IGrainContext grainContext, Func<object?, Task> callback, object? state, TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException();

        public IGrainTimer RegisterGrainTimer<TState>(IGrainContext grainContext, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options) =>
            new SimTimer(cluster.World, activation, token => callback(state, token), options);
    }
}

/// <summary>A grain's timer. The first time it goes off is drawn here: the product draws it too, by chances of its own.</summary>
internal sealed class SimTimer : IGrainTimer
{
    private readonly World _world;
    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly GrainTimerCreationOptions _options;
    private readonly CancellationTokenSource _disposed = new();

    public SimTimer(World world, Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        (_world, _activation, _callback, _options) = (world, activation, callback, options);
        activation.Add(this);
        world.After(options.Period * (0.5 + (world.Random.NextDouble() / 2)), GoOff);
    }

    public void Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException();

    public void Dispose() => _disposed.Cancel();

    private void GoOff()
    {
        if (_disposed.IsCancellationRequested || _activation.Turns.IsDead) return;
        _activation.Receive(_options.Interleave, Tick, () => { });
    }

    private async Task Tick()
    {
        try
        {
            await _callback(_disposed.Token);
        }
        catch (Exception exception)
        {
            _world.Say(() => $"{_activation.GrainId}: a timer failed: {exception.Message}");
        }

        _world.After(_options.Period, GoOff);
    }
}
