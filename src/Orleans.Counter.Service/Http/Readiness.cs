namespace Orleans.Counter.Http;

/// <summary>Knows whether this process is in the cluster, as a silo or as a client of the silos, and not about to leave it.</summary>
/// <remarks>Asks neither the hub nor the table: while they are down we may still be of use, and a restart would not bring them back.</remarks>
internal sealed class Readiness(IHostApplicationLifetime host) : ILifecycleParticipant<ISiloLifecycle>, ILifecycleParticipant<IClusterClientLifecycle>
{
    private volatile bool _active;

    /// <summary>True once the process has joined; stays true.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>True while requests are welcome. False as soon as the host begins to stop: a silo leaves only when the requests are done.</summary>
    public bool IsReady => _active && !host.ApplicationStopping.IsCancellationRequested;

    public void Participate(ISiloLifecycle lifecycle) => Follow(lifecycle);

    public void Participate(IClusterClientLifecycle lifecycle) => Follow(lifecycle);

    private void Follow(ILifecycleObservable lifecycle) => lifecycle.Subscribe(nameof(Readiness), ServiceLifecycleStage.Active, _ => Joined(), _ => Left());

    private Task Joined()
    {
        _active = HasStarted = true;
        return Task.CompletedTask;
    }

    private Task Left()
    {
        _active = false;
        return Task.CompletedTask;
    }
}
