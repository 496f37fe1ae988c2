namespace Orleans.Counter.EventHubs;

/// <summary>Something that is opened at the first need, shared by all who need it, and opened again once it has closed.</summary>
internal sealed class Reopened<T>(Func<Task<T>> open, Func<T, bool> isOpen)
    where T : class
{
    private readonly Lock _gate = new();
    private Task<T>? _current;

    /// <summary>The open one, or the one that is being opened; its failure is everyone's who waited for it, and the next call tries anew.</summary>
    public Task<T> Get()
    {
        lock (_gate)
        {
            if (_current is null || _current.IsFaulted || _current.IsCanceled || (_current.IsCompletedSuccessfully && !isOpen(_current.Result)))
                _current = Task.Run(open);
            return _current;
        }
    }

    /// <summary>The last one that was opened, if it ever came to that.</summary>
    public T? Current
    {
        get
        {
            lock (_gate) return _current is { IsCompletedSuccessfully: true } ? _current.Result : null;
        }
    }
}
