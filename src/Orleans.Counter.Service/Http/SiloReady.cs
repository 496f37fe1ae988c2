namespace Orleans.Counter.Http;

/// <summary>Knows whether this silo is in the cluster, and not about to leave it.</summary>
/// <remarks>Asks neither the hub nor the table: while they are down we may still be of use, and a restart would not bring them back.</remarks>
internal sealed class SiloReady(IHostApplicationLifetime host) : ILifecycleParticipant<ISiloLifecycle>
{
    private volatile bool _active;

    /// <summary>True once the silo has joined; stays true.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>True while requests are welcome. False as soon as the host begins to stop: the silo itself leaves only when the requests are done.</summary>
    public bool IsReady => _active && !host.ApplicationStopping.IsCancellationRequested;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(nameof(SiloReady), ServiceLifecycleStage.Active, _ => Joined(), _ => Left());

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
