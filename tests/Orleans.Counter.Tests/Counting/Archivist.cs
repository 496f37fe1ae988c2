using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests.Counting;

/// <summary>What rollup does to days that are archived, one request after the other, so that anything may happen in between; begins anew where it finds that something has.</summary>
/// <remarks>Days after the last one are left alone.</remarks>
internal sealed class Archivist(IRollupStore store, ISegmentStore segments, Shard shard, DateOnly through)
{
    private IAsyncEnumerator<string>? _steps;

    private static CancellationToken Token => CancellationToken.None;

    /// <summary>Makes one request.</summary>
    /// <returns>What it did; null if it is done for now.</returns>
    public async Task<string?> Step()
    {
        _steps ??= Changed().GetAsyncEnumerator(Token);
        try
        {
            if (await _steps.MoveNextAsync()) return _steps.Current;
        }
        catch (StaleWriterException)
        {
            _steps = null;
            return "began anew";
        }

        _steps = null;
        return null;
    }

    /// <summary>Goes on until nothing is left to do.</summary>
    public async Task Finish()
    {
        while (await Step() is not null) ;
        while (await Step() is not null) ; // What changed after the first look.
    }

    /// <summary>Puts what was changed into the segments, and takes the rows away: all days are retired.</summary>
    private async IAsyncEnumerable<string> Changed()
    {
        var changed = await store.ReadChanged(shard, Token);
        yield return "read which days have changed";
        foreach (var one in changed.Where(one => one.Row.Day <= through))
        {
            var day = one.Row.Day;
            var months = await store.ReadMonths(shard, TableLayout.MonthOf(day), Token);
            yield return "read months, because another day of theirs is to be archived";
            await store.WriteMonths(shard, [.. months.Select(month => (month.Row, (RowVersion?)month.Version))], Token);
            yield return "wrote months";
            var rows = (await store.ReadDays(shard, day, Token)).Where(row => row.Row.IsChanged).ToList();
            yield return "read changed rows";
            var id = new SegmentId(day, Group.Of(shard));
            var segment = await segments.Find(id, Token);
            var days = segment is null ? [] : await segments.Read(segment, Token).ToDictionaryAsync(held => (held.Video, held.Type));
            foreach (var row in rows)
                if (row.Row.Hours.Count == 0) days.Remove((row.Row.Video, row.Row.Type));
                else days[(row.Row.Video, row.Row.Type)] = new(row.Row.Video, row.Row.Type, row.Row.Hours);
            await segments.Write(id, days.Values.Order(SegmentDay.Order), segment, Token);
            yield return "wrote the segment";
            await store.DeleteDays(shard, rows, Token);
            yield return "deleted rows";
            await store.DeleteChanged(shard, [one], Token);
            yield return "forgot that the day has changed";
        }
    }
}
