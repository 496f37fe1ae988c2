using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Query;

/// <summary>What parts of ranges came to, whose days are all archived: they change only with the video's revision. Bounded; what was not asked for longest goes first.</summary>
internal sealed class PartCache(IOptions<QueryOptions> options) : IDisposable
{
    private const int EntryBytes = 400;
    private const int CellBytes = 48;

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = (long)options.Value.CacheMegabytes << 20 });

    /// <summary>What a part came to in this revision of its video; null if that is not known.</summary>
    public GranuleCell[]? Find(PartKey key, long revision) => _cache.TryGetValue(key, out Kept? kept) && kept!.Revision == revision ? kept.Cells : null;

    /// <summary>Keeps what was read after the video had said that this is its revision.</summary>
    public void Keep(PartKey key, long revision, GranuleCell[] cells) =>
        _cache.Set(key, new Kept(revision, cells), new MemoryCacheEntryOptions { Size = EntryBytes + (CellBytes * (long)cells.Length) });

    public void Dispose() => _cache.Dispose();

    private sealed record Kept(long Revision, GranuleCell[] Cells);
}

/// <summary>A part of a range, and how it is divided.</summary>
internal sealed record PartKey(VideoId Video, EventType Type, MinuteRange Range, string Granularity, string TimeZone);
