using System.Globalization;

namespace Orleans.Counter.Cli.Import;

/// <summary>Progress for a log: one line for every tenth of the way.</summary>
internal sealed class Tenths(long total, Action<string> say)
{
    private readonly Lock _lock = new();
    private long _done;

    /// <summary>So many more are done.</summary>
    public void Add(int count)
    {
        lock (_lock)
        {
            var before = Tenth();
            _done += count;
            if (Tenth() > before) say(string.Create(CultureInfo.InvariantCulture, $"Sent {_done:N0} of {total:N0} events."));
        }
    }

    private long Tenth() => _done * 10 / total;
}
