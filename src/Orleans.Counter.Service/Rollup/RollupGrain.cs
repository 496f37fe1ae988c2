using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Options;
using Orleans.Counter.Counting;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Rollup;

// A reminder only begins a run: it may take minutes, and a reminder that waited so long would be told off. The run is the tick of a timer, which keeps the activation awake until it has ended; calls come in beside it. If the
// activation ends all the same, the run ends where it is, and the next one goes on.
[GrainType("rollup")]
internal sealed partial class RollupGrain(
    IRollupStore rollups, ICountStore counts, ISegmentStore segments, LogIdentity log, LogEnds ends, RollupPlan plan, RollupGate gate, IOptions<RollupOptions> options, TimeProvider clock, RollupInstruments instruments,
    ILogger<RollupGrain> logger) : Grain, IRollupGrain, IRemindable, ISettleVideos
{
    private RollupRun? _run;
    private TaskCompletionSource? _running;
    private IGrainTimer? _timer;
    private DateTimeOffset? _beganAt, _endedAt;
    private string? _failure;

    private Group Group => Group.Parse(this.GetPrimaryKeyString());

    /// <summary>The reminder's name says how often it rings: it is made once, and a silo that starts does not push it back.</summary>
    private string Bell => string.Create(CultureInfo.InvariantCulture, $"every {options.Value.Every:c}");

    public async ValueTask Begin(CancellationToken cancellationToken)
    {
        var bells = await this.GetReminders(cancellationToken);
        foreach (var bell in bells)
            if (bell.ReminderName != Bell) await this.UnregisterReminder(bell, cancellationToken);
        if (bells.Exists(bell => bell.ReminderName == Bell)) return;

        // Groups share the pause between two runs, so that not all of them work at once.
        var every = options.Value.Every;
        await this.RegisterOrUpdateReminder(Bell, every * ((Group.Number + Random.Shared.NextDouble()) / Group.Count), every, cancellationToken);
    }

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        Start();
        return Task.CompletedTask;
    }

    public async ValueTask<RollupState> Run(CancellationToken cancellationToken)
    {
        await Start().WaitAsync(cancellationToken);
        return Now;
    }

    public ValueTask<RollupState> State(CancellationToken cancellationToken) => new(Now);

    public async Task Settle(VideoId video, CancellationToken cancellationToken) => await GrainFactory.GetGrain<IVideoGrain>(video.Value).Flush(cancellationToken);

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        instruments.Forget(Group);
        _running?.TrySetCanceled(CancellationToken.None);
        return Task.CompletedTask;
    }

    private RollupState Now => new(_running is not null, _run?.SealedThrough, _run?.HeldBack, _beganAt, _endedAt, _failure);

    private Task Start()
    {
        if (_running is { } running) return running.Task;
        _running = running = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _timer ??= this.RegisterGrainTimer(Work, new() { DueTime = Timeout.InfiniteTimeSpan, Period = Timeout.InfiniteTimeSpan, Interleave = true, KeepAlive = true });
        _timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        return running.Task;
    }

    private async Task Work(CancellationToken cancellationToken)
    {
        var (running, begun) = (_running!, Stopwatch.GetTimestamp());
        (_beganAt, _endedAt, _failure) = (clock.GetUtcNow(), null, null);
        _run = new(Group, rollups, segments, new(Group, counts, log, ends, plan), plan, options.Value, log, this, clock, instruments);
        try
        {
            await gate.Runs.WaitAsync(cancellationToken);
            try
            {
                await _run.Go(cancellationToken);
            }
            finally
            {
                gate.Runs.Release();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _failure = "The silo, or the activation, has ended; the next run goes on.";
        }
        catch (Exception exception)
        {
            // The next run begins where this one has ended. What cannot be mended that way is seen in every one of them.
            _failure = exception.Message;
            LogFailed(exception, Group);
        }

        _endedAt = clock.GetUtcNow();
        if (_run.HeldBack is { } heldBack) LogHeldBack(Group, heldBack.Day, heldBack.Reason);
        instruments.Ran(Stopwatch.GetElapsedTime(begun), failed: _failure is not null);
        DelayDeactivation(options.Value.Every * 2); // Until the next run it remembers this one, for who asks.
        _running = null;
        running.TrySetResult();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The rollup of group {Group} has stopped; it begins anew at its next run.")]
    private partial void LogFailed(Exception exception, Group group);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Group {Group} cannot archive {Day} yet, although its time has come: {Reason}")]
    private partial void LogHeldBack(Group group, DateOnly day, string reason);
}

/// <summary>How many groups of this silo are worked on at once.</summary>
internal sealed class RollupGate(IOptions<RollupOptions> options)
{
    public SemaphoreSlim Runs { get; } = new(options.Value.GroupsAtOnce);
}
