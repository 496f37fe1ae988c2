namespace Orleans.Counter.Cli.Processes;

/// <summary>
/// Starts programs, keeps them running, and stops them in the order that loses nothing: the last started first, one after the other, and those that
/// were started together at the same time.
/// </summary>
internal sealed class Supervisor(ProcessesFile processes, Func<string, string> logOf, Action<string> say, bool restart, TimeProvider time)
    : IDisposable
{
    private readonly List<IReadOnlyList<SupervisedChild>> _started = [];

    private IEnumerable<SupervisedChild> Children => _started.SelectMany(together => together);

    /// <summary>What was started in this role.</summary>
    public SupervisedChild this[string role] => Children.First(child => child.Role == role);

    /// <summary>Starts a program and waits until it is ready.</summary>
    /// <returns>Its connection string, if it has one.</returns>
    /// <exception cref="CommandFailedException">It did not become ready.</exception>
    public async Task<string?> Start(ChildSpec spec, CancellationToken cancellationToken) => (await StartTogether([spec], cancellationToken))[0];

    /// <summary>Starts programs at the same time, and waits until each of them is ready or has failed.</summary>
    /// <returns>Their connection strings, if they have any.</returns>
    /// <exception cref="CommandFailedException">One did not become ready.</exception>
    public Task<string?[]> StartTogether(IEnumerable<ChildSpec> specs, CancellationToken cancellationToken)
    {
        SupervisedChild[] children = [.. specs.Select(spec => new SupervisedChild(spec, logOf(spec.Role), processes, say, restart, time))];
        _started.Add(children);
        return Task.WhenAll(children.Select(child => child.Start(cancellationToken)));
    }

    /// <summary>Watches until the token ends it, also when every program was left dead; throws what a watch itself failed by.</summary>
    public async Task Watch(CancellationToken cancellationToken)
    {
        await foreach (var ended in Task.WhenEach(Children.Select(child => child.Watched)).WithCancellation(cancellationToken)) await ended;
        await Task.Delay(Timeout.Infinite, cancellationToken);
    }

    /// <summary>Stops everything that was started, whatever happens on the way.</summary>
    /// <returns>False if something had to be killed.</returns>
    public async Task<bool> Stop()
    {
        var stopped = true;
        var failures = new List<Exception>();
        foreach (var together in Enumerable.Reverse(_started))
        {
            Task<bool>[] stops = [.. together.Select(child => child.Stop())];
            foreach (var stop in stops)
                try
                {
                    stopped &= await stop;
                }
                catch (Exception failure)
                {
                    failures.Add(failure);
                }
        }
        return failures.Count is 0 ? stopped : throw new AggregateException(failures);
    }

    public void Dispose()
    {
        foreach (var child in Children) child.Dispose();
    }
}
