using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace Orleans.Counter.Query;

/// <summary>Totals as they change. All who watch the same type of a video share one question, four times a second.</summary>
internal sealed partial class LiveCounts(VideoCounts counts, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<LiveCounts> logger)
{
    /// <summary>How many may watch an instance at once: beyond it there is an answer that says so, before sockets and memory run out.</summary>
    public const int WatchersMax = 10_000;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    // So that no proxy takes the connection for dead.
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(15);

    private readonly Lock _lock = new();
    private readonly Dictionary<(VideoId, EventType), Feed> _feeds = [];
    private int _watchers;

    /// <summary>True if there is room for one more, who must <see cref="Watch"/> or <see cref="Leave"/> then.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _watchers) <= WatchersMax) return true;
        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _watchers);

    /// <summary>The total, and then every change of it; again where nothing changes for a while. Who comes back after a break has missed nothing that the total does not say.</summary>
    public async IAsyncEnumerable<SseItem<CountAnswer>> Watch(VideoId video, EventType type, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        var feed = Join(video, type);
        try
        {
            while (!until.IsCancellationRequested)
            {
                var (count, changed) = feed.Now;
                if (count is { } known) yield return Item(video, type, known);
                await changed.WaitAsync(SilenceMax, clock, until.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            Part(video, type, feed);
            Leave();
        }
    }

    private static SseItem<CountAnswer> Item(VideoId video, EventType type, long count) =>
        new(new(video.Value, type.Value, count), "count") { EventId = count.ToString(CultureInfo.InvariantCulture) };

    private Feed Join(VideoId video, EventType type)
    {
        lock (_lock)
        {
            if (!_feeds.TryGetValue((video, type), out var feed))
            {
                _feeds[(video, type)] = feed = new();
                _ = Ask(video, type, feed);
            }

            feed.Watchers++;
            return feed;
        }
    }

    private void Part(VideoId video, EventType type, Feed feed)
    {
        lock (_lock)
        {
            if (--feed.Watchers > 0) return;
            _feeds.Remove((video, type));
            feed.IsOver.Cancel();
        }
    }

    private async Task Ask(VideoId video, EventType type, Feed feed)
    {
        using var over = feed.IsOver;
        while (!over.IsCancellationRequested)
        {
            try
            {
                feed.Is(await counts.Count(video, type, MinuteRange.Everything, Seen.Anything, over.Token));
            }
            catch (Exception exception)
            {
                LogNotAnswered(video, exception.Message); // Its silo may have gone: the next one answers. Or nobody watches any more.
            }

            await Task.Delay(Pace, clock, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Video {Video} is watched and does not answer: {Reason}")]
    private partial void LogNotAnswered(VideoId video, string reason);

    /// <summary>A total that somebody watches.</summary>
    private sealed class Feed
    {
        private volatile State _state = new(null, new(TaskCreationOptions.RunContinuationsAsynchronously));

        public int Watchers { get; set; }

        public CancellationTokenSource IsOver { get; } = new();

        /// <summary>The total, null before the first answer, and what ends when it changes.</summary>
        public (long? Count, Task Changed) Now => _state is var state ? (state.Count, state.Changed.Task) : default;

        public void Is(long count)
        {
            var before = _state;
            if (before.Count == count) return;
            _state = new(count, new(TaskCreationOptions.RunContinuationsAsynchronously));
            before.Changed.SetResult();
        }

        private sealed record State(long? Count, TaskCompletionSource Changed);
    }
}
