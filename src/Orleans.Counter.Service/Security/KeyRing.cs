using System.Collections.Frozen;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Security;

/// <summary>What a look-up found.</summary>
internal enum KeyAnswer
{
    /// <summary>The key is good.</summary>
    Good,

    /// <summary>There is no such key, or it has expired or was revoked.</summary>
    Unknown,

    /// <summary>Nobody can say: the table cannot be read, and what was read of it is too old for this question.</summary>
    NotKnowable,
}

/// <summary>All keys, as the table had them half a minute ago at most. A request costs a look-up in memory; the table is read once for all of them.</summary>
/// <remarks>
/// A key that is not here may just have been made, so it has the table read again, once in <see cref="AgainAfter"/> whatever comes: a flood of wrong keys costs the
/// table nothing, and needs no memory. While the table cannot be read, known keys stay good for <see cref="AuthOptions.KeysWithoutStorage"/>, and others are not judged.
/// </remarks>
internal sealed partial class KeyRing(IKeyStore store, IOptions<AuthOptions> options, TimeProvider time, ILogger<KeyRing> logger) : BackgroundService
{
    /// <summary>How often the table is read. A read that takes longer than <see cref="ReadMax"/> is given up, so what is revoked is refused everywhere within 30 seconds.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromSeconds(20);

    /// <summary>A table that was read this recently has no new keys.</summary>
    public static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ReadMax = TimeSpan.FromSeconds(8);

    private readonly Lock _lock = new();
    private volatile Keys _known = new([], DateTimeOffset.MinValue, null);
    private long? _asked; // By the clock that nobody sets: one that is put back must not make old keys look new.
    private Task _reading = Task.CompletedTask;

    /// <summary>Judges a text that a caller has sent as its key. Completes at once for every key that is known.</summary>
    public async ValueTask<(KeyAnswer Answer, ApiKey? Key)> Find(string text)
    {
        if (KeyText.IdOf(text, out var isPublishable).IsEmpty) return (KeyAnswer.Unknown, null);
        var now = time.GetTimestamp();
        var known = _known;
        if (known.Find(text) is null && Since(known.Stamp, now) > AgainAfter)
        {
            await ReadAgain(now);
            known = _known;
        }

        var age = Since(known.Stamp, now);
        if (known.Find(text) is not { } key) return (age <= AgainAfter ? KeyAnswer.Unknown : KeyAnswer.NotKnowable, null);
        if (age > options.Value.KeysWithoutStorage) return (KeyAnswer.NotKnowable, null);
        var isThis = key.IsPublishable == isPublishable && (isPublishable || KeyText.IsKey(text, key.Hash!));
        return isThis && key.IsGood(time.GetUtcNow()) ? (KeyAnswer.Good, key) : (KeyAnswer.Unknown, null);
    }

    /// <summary>True if pages of this origin may send a publishable key. Browsers ask before they send it.</summary>
    public async ValueTask<bool> KnowsOrigin(string origin)
    {
        var now = time.GetTimestamp();
        if (!_known.Origins.Contains(origin)) await ReadAgain(now);
        return _known is var known && known.Origins.Contains(origin) && Since(known.Stamp, now) <= options.Value.KeysWithoutStorage;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var pace = new PeriodicTimer(Pace, time);
        do await ReadAgain(time.GetTimestamp());
        while (await pace.WaitForNextTickAsync(stoppingToken));
    }

    // One at a time, for all who wait.
    private Task ReadAgain(long now)
    {
        lock (_lock)
        {
            if (!_reading.IsCompleted) return _reading;
            if (Since(_asked, now) < AgainAfter) return Task.CompletedTask;
            _asked = now;
            return _reading = Read(now);
        }
    }

    // What was known stays known for a while if this fails: nobody is let in by a failure, and nobody is locked out by a short one.
    private async Task Read(long now)
    {
        using var patience = new CancellationTokenSource(ReadMax, time);
        try
        {
            var at = time.GetUtcNow();
            _known = new(await store.ReadAll(patience.Token), at, now);
        }
        catch (Exception failure)
        {
            LogUnreadable(failure.Message, _known.At);
        }
    }

    private TimeSpan Since(long? then, long now) => then is { } stamp ? time.GetElapsedTime(stamp, now) : TimeSpan.MaxValue;

    [LoggerMessage(Level = LogLevel.Warning, Message = "The keys cannot be read ({Reason}); those of {At} stay good for a while, and others are answered 503.")]
    private partial void LogUnreadable(string reason, DateTimeOffset at);

    private sealed class Keys
    {
        private readonly FrozenDictionary<string, ApiKey>.AlternateLookup<ReadOnlySpan<char>> _byId;

        public Keys(IReadOnlyList<ApiKey> all, DateTimeOffset at, long? stamp)
        {
            _byId = all.ToFrozenDictionary(key => key.Id, StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
            Origins = all.Where(key => key.IsGood(at)).SelectMany(key => key.Origins).ToFrozenSet(StringComparer.Ordinal);
            (At, Stamp) = (at, stamp);
        }

        /// <summary>When the table was asked for them.</summary>
        public DateTimeOffset At { get; }

        /// <summary>The same moment by the clock that nobody sets; null: they were never asked for.</summary>
        public long? Stamp { get; }

        public FrozenSet<string> Origins { get; }

        public ApiKey? Find(string text) => _byId.TryGetValue(KeyText.IdOf(text, out _), out var key) ? key : null;
    }
}
