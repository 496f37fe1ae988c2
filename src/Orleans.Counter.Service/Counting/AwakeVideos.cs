using Microsoft.Extensions.Options;

namespace Orleans.Counter.Counting;

/// <summary>The videos that are awake on this silo. When there are too many, those that were not used lately fall asleep: each takes kilobytes, and whoever makes up ids could wake up as many as he likes.</summary>
/// <remarks>
/// A clock, as page caches have one: a video that is awake stands in a ring, at whose hand it is passed over once if it was used since it was there before. Falling asleep is harmless at any time: a video stores first what
/// it holds, and what it does not manage to store its shard gives it again.
/// </remarks>
internal sealed class AwakeVideos(IOptions<CountingOptions> options)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<IAwakeVideo> _ring = []; // The first one is at the hand.

    /// <summary>How many there are, but for those that have been told to sleep.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _ring.Count;
        }
    }

    /// <summary>A video is awake. Others may have to sleep for it.</summary>
    /// <returns>What <see cref="Slept"/> needs.</returns>
    public LinkedListNode<IAwakeVideo> Woke(IAwakeVideo video)
    {
        LinkedListNode<IAwakeVideo> place;
        List<IAwakeVideo>? idle = null;
        lock (_lock)
        {
            place = _ring.AddLast(video);
            while (_ring.Count > options.Value.VideosAwakeMax) (idle ??= []).Add(TakeIdle());
        }

        foreach (var one in idle ?? []) one.Sleep();
        return place;
    }

    /// <summary>A video sleeps, or is about to.</summary>
    public void Slept(LinkedListNode<IAwakeVideo> place)
    {
        lock (_lock)
            if (place.List is not null) _ring.Remove(place);
    }

    // Each is passed over once at most: then it counts as not used.
    private IAwakeVideo TakeIdle()
    {
        while (_ring.First!.Value.WasUsed())
        {
            var used = _ring.First;
            _ring.RemoveFirst();
            _ring.AddLast(used);
        }

        var idle = _ring.First.Value;
        _ring.RemoveFirst();
        return idle;
    }
}

/// <summary>A video that is awake.</summary>
internal interface IAwakeVideo
{
    /// <summary>True if it was used since this was asked before.</summary>
    bool WasUsed();

    /// <summary>Lets it fall asleep as soon as it has nothing to do. Called from anywhere.</summary>
    void Sleep();
}
