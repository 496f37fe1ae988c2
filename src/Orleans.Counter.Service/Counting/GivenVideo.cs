namespace Orleans.Counter.Counting;

/// <summary>What a shard remembers of one of its videos.</summary>
internal sealed class GivenVideo(IVideoGrain grain)
{
    private Position _flushed;
    private bool _isStored = true;
    private DateTimeOffset? _settleAt;
    private Position _heardThrough;
    private int _calls;
    private int _changes;
    private int _heard;

    /// <summary>The last position that the video was given. One whose own position is older has lost something, or is an activation that was replaced.</summary>
    public Position Given { get; private set; }

    /// <summary>True if there is nothing that the shard would have to remember.</summary>
    public bool IsIdle => OnlySettles && _settleAt is null;

    /// <summary>True if there is nothing but when the video's hours settle. If that is forgotten, they settle when it is next given something; until then they stay in its row.</summary>
    public bool OnlySettles => _calls == 0 && _isStored && _changes == _heard;

    public bool IsDue(DateTimeOffset now) => Given > _flushed || _settleAt <= now || _changes > _heard;

    /// <summary>It was changed otherwise than by the log, and has something new to say at the next checkpoint.</summary>
    /// <param name="through">How far its row reaches.</param>
    public void Changed(Position through)
    {
        _changes++;
        _heardThrough = Position.Max(_heardThrough, through);
    }

    /// <returns>How many of the events are dead letters.</returns>
    /// <exception cref="GoesBackException">The video lost what it was given before.</exception>
    public async Task<long> Give(IReadOnlyList<Entry> entries)
    {
        _calls++;
        try
        {
            Applied applied;
            while ((applied = await grain.Apply(Given, entries)).Outcome is Outcome.Later) await grain.Flush();
            if (applied.Outcome is Outcome.Behind) throw new GoesBackException($"video {grain.GetPrimaryKeyString()} lost what it was given");
            (Given, _isStored) = (Position.Max(Given, entries[^1].Position), false);
            return applied.SetAside;
        }
        finally
        {
            _calls--;
        }
    }

    /// <summary>Costs a call that changes nothing, and no call if all that the video was given is stored.</summary>
    /// <exception cref="GoesBackException">The video lost what it was given before.</exception>
    public async Task Check()
    {
        if (!_isStored && (await grain.Apply(Given, [])).Outcome is Outcome.Behind)
            throw new GoesBackException($"video {grain.GetPrimaryKeyString()} lost what it was given");
    }

    /// <returns>How often it was counted; null if an activation says so that was replaced, and knows less than was heard before.</returns>
    /// <exception cref="GoesBackException">The video has stored less than it was given: an activation that had nothing to store stands where another one had.</exception>
    public async Task<IReadOnlyList<WindowCount>?> Flush()
    {
        var (needed, changes) = (Given, _changes);
        var flushed = await grain.Flush();
        if (flushed.Position < needed) throw new GoesBackException($"video {grain.GetPrimaryKeyString()} lost what it was given before it was stored");
        _flushed = Position.Max(_flushed, needed);
        if (flushed.Position < _heardThrough) return null;
        (_settleAt, _heard, _heardThrough) = (flushed.NextSettle, changes, flushed.Position);
        return flushed.Windows;
    }

    /// <summary>The checkpoint is stored, too: what it covers will never have to be given again.</summary>
    public void StoredThrough(Position checkpoint)
    {
        _isStored = Given <= checkpoint;
    }
}
