namespace Orleans.Counter.Counting;

/// <summary>How often each type of a video was counted in its newest hours, days and weeks.</summary>
internal sealed class WindowCounts
{
    // An event may be minutes ahead. So the newest may be the next one, and the running one and the last full one are the two before it.
    private const int Kept = 3;

    private readonly List<WindowCount> _counts = [];

    public WindowCounts(IEnumerable<WindowCount> counts) => _counts.AddRange(counts);

    /// <summary>All of them, also those that count nothing any more: they say which are the newest.</summary>
    public IReadOnlyList<WindowCount> All => [.. _counts];

    /// <summary>Counts something more, or less, in the windows that hold the minute. Windows that are too old for anyone to ask for are left out.</summary>
    public void Add(EventType type, Minute minute, long count)
    {
        foreach (var length in TopWindow.Lengths) Add(type, TopWindow.Of(length, minute), count);
    }

    public void Clear() => _counts.Clear();

    private void Add(EventType type, TopWindow window, long count)
    {
        var newest = window.Number;
        for (var i = 0; i < _counts.Count; i++)
        {
            var known = _counts[i];
            if (known.Type != type || known.Window.Length != window.Length) continue;
            if (known.Window.Number == window.Number)
            {
                _counts[i] = known with { Count = known.Count + count };
                return;
            }

            newest = Math.Max(newest, known.Window.Number);
        }

        if (window.Number <= newest - Kept) return;
        _counts.Add(new(type, window, count));
        _counts.RemoveAll(known => known.Type == type && known.Window.Length == window.Length && known.Window.Number <= newest - Kept);
    }
}
