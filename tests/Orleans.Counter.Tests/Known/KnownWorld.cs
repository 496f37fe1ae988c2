using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Counter.Counting;
using Orleans.Counter.Known;
using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Ingest;
using Xunit;

namespace Orleans.Counter.Tests.Known;

/// <summary>One instance that wants to know which videos are known, shards that can be asked, and a table whose rows can be awaited. Only the test moves the clock.</summary>
internal sealed class KnownWorld : IDisposable
{
    private static readonly IMeterFactory Meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();

    private readonly ConcurrentDictionary<string, ShardKnown> _shards = [];
    private readonly Dictionary<VideoId, RowVersion> _versions = [];
    private int _asked;
    private int _toldAll;

    public KnownWorld(int videosRemembered = 100_000)
    {
        Instance = new(
            ShardsOnly.Of(shard => new AskedShard(this, shard)), Store, Options.Create(new KnownOptions { VideosRemembered = videosRemembered }), Clock, new(Meters), NullLogger<KnownShard>.Instance);
    }

    public WatchedTime Clock { get; } = new();

    public WatchedStore Store { get; } = new();

    public KnownVideos Instance { get; }

    /// <summary>How often shards were asked.</summary>
    public int Asked => _asked;

    /// <summary>How often one of them answered with all that it knows.</summary>
    public int ToldAll => _toldAll;

    /// <summary>While set, no shard answers but with this.</summary>
    public Exception? Silence { get; set; }

    /// <summary>Shards answer when this has ended.</summary>
    public Task Answers { get; set; } = Task.CompletedTask;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Stores a row, as the video's grain does, and tells the shard if it was a registration.</summary>
    public async Task Write(VideoId video, bool isKnown = true, bool isTold = true)
    {
        var row = Storage.Rows.Of(video.Value, 1) with { Metadata = isKnown ? new("A title", null) : default };
        _versions[video] = await Store.CommitVideo(new(row, []), _versions.TryGetValue(video, out var version) ? version : null, Stop);
        if (isTold) ShardOf(video).Changed(video);
    }

    /// <summary>The shard of a video loses its memory.</summary>
    public void Forget(VideoId video) => _shards.TryRemove(Shard.Of(video).ToString(), out _);

    public ShardKnown ShardOf(VideoId video) => ShardOf(Shard.Of(video).ToString());

    /// <summary>What the instance says of videos; null if it cannot say.</summary>
    public async Task<string?> Unknown(params VideoId[] videos)
    {
        var inQuestion = videos.Where(video => !Instance.IsKnown(System.Text.Encoding.ASCII.GetBytes(video.Value))).ToList();
        if (inQuestion.Count == 0) return "";
        return await Instance.FindUnknown(inQuestion, Stop) is { } unknown ? string.Join(' ', unknown.Select(video => video.Value).Order(StringComparer.Ordinal)) : null;
    }

    public void Dispose() => Instance.Dispose();

    private ShardKnown ShardOf(string shard) => _shards.GetOrAdd(shard, _ => new(Shard.Parse(shard), Store, 1 << 20, Clock));

    private async ValueTask<KnownNews> Ask(string shard, long? seed, long changes)
    {
        Interlocked.Increment(ref _asked);
        await Answers;
        if (Silence is not null) throw Silence;
        var news = await ShardOf(shard).Ask(seed, changes);
        if (news.Filter is not null) Interlocked.Increment(ref _toldAll);
        return news;
    }

    /// <summary>Rows that can be counted, awaited, and held back.</summary>
    internal sealed class WatchedStore : MemoryCountStore
    {
        private int _reads;

        public int Reads => _reads;

        /// <summary>Rows are read at once, and handed out when this has ended.</summary>
        public Task Answers { get; set; } = Task.CompletedTask;

        public override async ValueTask<Versioned<VideoRow>?> ReadVideo(VideoId video, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _reads);
            var row = await base.ReadVideo(video, cancellationToken);
            await Answers.WaitAsync(cancellationToken);
            return row;
        }
    }

    private sealed class AskedShard(KnownWorld world, string shard) : IShardGrain
    {
        public ValueTask<KnownNews> Known(long? seed, long changes, CancellationToken cancellationToken = default) => world.Ask(shard, seed, changes);

        public ValueTask<Progress> Progress(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<Cell> ChannelTotal(string channelId, EventType type, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<VideoId>> ChannelVideos(string channelId, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<ShardTop> Top(EventType type, IReadOnlyList<TopWindow> windows, int most, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask Forget(IReadOnlyList<string> channels, VideoId? video, Position through, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<Position?> Sees(VideoId video, ulong writer, FrameNumbers frames, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask Leave(CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }

    [SuppressMessage("Performance", "CA1852", Justification = "A proxy is a subclass of it.")]
    private class ShardsOnly : DispatchProxy
    {
        private Func<string, IShardGrain> Make { get; set; } = _ => throw new NotSupportedException();

        public static IGrainFactory Of(Func<string, IShardGrain> make)
        {
            var factory = Create<IGrainFactory, ShardsOnly>();
            ((ShardsOnly)(object)factory).Make = make;
            return factory;
        }

        protected override object Invoke(MethodInfo? targetMethod, object?[]? args) => Make((string)args![0]!);
    }
}
