using Microsoft.Extensions.Logging;

namespace Orleans.Counter.Tests.Simulation;

/// <summary>The time and the order of everything in one schedule. Runs on one thread; a clock that jumps to what is next; a seed decides what nobody promises.</summary>
internal sealed class World(int seed, Action<string>? trace) : TimeProvider, ILogger
{
    private readonly PriorityQueue<Action, (long Time, long Order)> _later = new();
    private readonly List<Turns> _ready = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private volatile string? _outside;
    private long _now = new DateTimeOffset(2026, 6, 1, 12, 0, 0, TimeSpan.Zero).UtcTicks;
    private long _order;

    /// <summary>All chances that are taken: the product's own, too.</summary>
    public Random Random { get; } = new(seed);

    public DateTimeOffset Now => new(_now, TimeSpan.Zero);

    /// <summary>From now on nothing fails any more.</summary>
    public bool IsCalm { get; set; }

    /// <summary>Two runs of a seed that took the same steps have the same digest.</summary>
    public long Digest { get; private set; }

    public bool Chance(double probability) => !IsCalm && Random.NextDouble() < probability;

    public T Any<T>(IReadOnlyList<T> many) => many[Random.Next(many.Count)];

    /// <summary>A time up to this one; mostly a short one.</summary>
    public TimeSpan UpTo(TimeSpan most) => most * (IsCalm ? 0.01 : Math.Pow(Random.NextDouble(), 4));

    public void Say(Func<string> what) => trace?.Invoke($"{Now:HH:mm:ss.fff} {what()}");

    public void After(TimeSpan delay, Action action) => _later.Enqueue(action, (_now + Math.Max(0, delay.Ticks), _order++));

    public Task Pause(TimeSpan delay)
    {
        var over = new TaskCompletionSource();
        After(delay, over.SetResult);
        return over.Task;
    }

    /// <summary>Whoever comes on another thread (a continuation that some library gives to the pool) would make runs of a seed differ: the next step says so.</summary>
    public bool IsHere()
    {
        if (Environment.CurrentManagedThreadId == _thread) return true;
        _outside ??= Environment.StackTrace;
        return false;
    }

    public void Ready(Turns turns) => _ready.Add(turns);

    /// <summary>Goes on until the condition holds where nothing is left to do at the moment; false if it does not within the time.</summary>
    public bool Run(Func<bool> until, TimeSpan within)
    {
        var end = _now + within.Ticks;
        while (_now < end)
        {
            if (_outside is { } trace) throw new InvalidOperationException($"Something happened on a thread of its own: {trace}");
            if (_ready.Count > 0)
            {
                var chosen = Random.Next(_ready.Count);
                if (!_ready[chosen].Step()) _ready.RemoveAt(chosen);
                Digest = unchecked((Digest * 31) + _now + chosen);
                continue;
            }

            if (until()) return true;
            if (!_later.TryDequeue(out var next, out var when)) break;
            _now = Math.Max(_now, when.Time);
            next();
        }

        return until();
    }

    public override DateTimeOffset GetUtcNow() => Now;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => trace is not null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Say(() => $"{formatter(state, exception)} {exception?.Message}");

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Alarm(this, callback, state, dueTime);

    /// <summary>A timer that goes off once: nobody here asks for another kind.</summary>
    private sealed class Alarm : ITimer
    {
        private readonly World _world;
        private readonly TimerCallback _callback;
        private readonly object? _state;
        private int _set;

        public Alarm(World world, TimerCallback callback, object? state, TimeSpan dueTime)
        {
            (_world, _callback, _state) = (world, callback, state);
            Change(dueTime, Timeout.InfiniteTimeSpan);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var set = ++_set;
            if (dueTime >= TimeSpan.Zero) _world.After(dueTime, () => GoOff(set));
            return true;
        }

        public void Dispose() => _set++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void GoOff(int set)
        {
            if (set == _set) _callback(_state);
        }
    }
}
