namespace Orleans.Counter.Cli.Processes;

/// <summary>Starts programs, keeps them running, and stops them in the order that loses nothing: the last started first, one after the other.</summary>
internal sealed class Supervisor(ProcessesFile processes, Func<string, string> logOf, Action<string> say, bool restart, TimeProvider time)
    : IDisposable
{
    private readonly List<SupervisedChild> _children = [];

    /// <summary>Starts a program and waits until it is ready.</summary>
    /// <returns>Its connection string, if it has one.</returns>
    /// <exception cref="CommandFailedException">It did not become ready.</exception>
    public Task<string?> Start(ChildSpec spec, CancellationToken cancellationToken)
    {
        var child = new SupervisedChild(spec, logOf(spec.Role), processes, say, restart, time);
        _children.Add(child);
        return child.Start(cancellationToken);
    }

    /// <summary>Watches until the token ends it, also when every program was left dead; throws what a watch itself failed by.</summary>
    public async Task Watch(CancellationToken cancellationToken)
    {
        await foreach (var ended in Task.WhenEach(_children.Select(child => child.Watched)).WithCancellation(cancellationToken)) await ended;
        await Task.Delay(Timeout.Infinite, cancellationToken);
    }

    /// <summary>Stops everything that was started, whatever happens on the way.</summary>
    /// <returns>False if something had to be killed.</returns>
    public async Task<bool> Stop()
    {
        var stopped = true;
        var failures = new List<Exception>();
        foreach (var child in Enumerable.Reverse(_children))
            try
            {
                stopped &= await child.Stop();
            }
            catch (Exception failure)
            {
                failures.Add(failure);
            }
        return failures.Count is 0 ? stopped : throw new AggregateException(failures);
    }

    public void Dispose() => _children.ForEach(child => child.Dispose());
}
