namespace Orleans.Counter.Counting;

/// <summary>What a shard remembers of one of its videos.</summary>
internal sealed class GivenVideo(IVideoGrain grain)
{
    private Position _flushed;
    private DateTimeOffset? _settleAt;
    private int _calls;

    /// <summary>The last position that the video was given and that no durable checkpoint covers. A video whose own position is older has lost something.</summary>
    private Position _given;

    /// <summary>True if there is nothing that the shard would have to remember.</summary>
    public bool IsIdle => _calls == 0 && _given == Position.Start && _settleAt is null;

    public bool IsDue(DateTimeOffset now) => _given > _flushed || _settleAt <= now;

    /// <returns>How many of the events are dead letters.</returns>
    /// <exception cref="GoesBackException">The video lost what it was given before.</exception>
    public async Task<long> Give(IReadOnlyList<Entry> entries)
    {
        _calls++;
        try
        {
            Applied applied;
            while ((applied = await grain.Apply(_given, entries)).Outcome is Outcome.Later) await grain.Flush();
            if (applied.Outcome is Outcome.Behind) throw new GoesBackException($"video {grain.GetPrimaryKeyString()} lost what it was given");
            _given = Position.Max(_given, entries[^1].Position);
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
        if (_given > Position.Start && (await grain.Apply(_given, [])).Outcome is Outcome.Behind)
            throw new GoesBackException($"video {grain.GetPrimaryKeyString()} lost what it was given");
    }

    /// <exception cref="GoesBackException">The video has stored less than it was given: an activation that had nothing to store stands where another one had.</exception>
    public async Task Flush()
    {
        var needed = _given;
        var flushed = await grain.Flush();
        if (flushed.Position < needed) throw new GoesBackException($"video {grain.GetPrimaryKeyString()} lost what it was given before it was stored");
        _flushed = Position.Max(_flushed, needed);
        _settleAt = flushed.NextSettle;
    }

    /// <summary>The checkpoint is stored, too: what it covers will never have to be given again.</summary>
    public void StoredThrough(Position checkpoint)
    {
        if (_given <= checkpoint) _given = Position.Start;
    }
}
