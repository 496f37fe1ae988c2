using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using Orleans.Counter.Ingest;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Known;

/// <summary>Which videos are known, as this instance can say it: from memory for nearly every one, known or invented. What it holds is bounded, and strangers cannot fill it.</summary>
internal sealed class KnownVideos : IKnownVideos, IDisposable
{
    /// <summary>How long a question waits for shards and storage.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly KnownShard[] _shards;
    private readonly SemaphoreSlim _reads;
    private readonly TimeProvider _clock;
    private readonly KnownInstruments _instruments;

    public KnownVideos(IGrainFactory grains, ICountStore store, IOptions<KnownOptions> options, TimeProvider clock, KnownInstruments instruments, ILogger<KnownShard> logger)
    {
        (_clock, _instruments, _reads) = (clock, instruments, new(options.Value.ReadsAtOnce));
        _shards = [.. Shard.All.Select(shard => new KnownShard(shard, grains, store, _reads, options.Value.VideosRemembered / Shard.Count, clock, instruments, logger))];
    }

    public bool IsKnown(ReadOnlySpan<byte> videoUtf8) => _shards[Shard.Of(videoUtf8).Number].IsKnown(videoUtf8);

    public async Task<IReadOnlySet<VideoId>?> FindUnknown(IEnumerable<VideoId> videos, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, _clock);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        var byShard = new Dictionary<Shard, List<VideoId>>();
        foreach (var video in videos) (CollectionsMarshal.GetValueRefOrAddDefault(byShard, Shard.Of(video), out _) ??= []).Add(video);
        try
        {
            var unknown = await Task.WhenAll(byShard.Select(some => _shards[some.Key.Number].FindUnknown(some.Value, stopping.Token)));
            return unknown.SelectMany(some => some).ToHashSet();
        }
        catch (Exception failure) when (failure is OrleansException or TimeoutException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            _instruments.Unanswered(); // The shard or the storage has said why.
            return null;
        }
    }

    public void Dispose() => _reads.Dispose();
}
