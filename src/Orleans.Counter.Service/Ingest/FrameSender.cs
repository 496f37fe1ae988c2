using System.Diagnostics;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Ingest;

/// <summary>A closed frame: its bytes never change again, whatever happens to it.</summary>
/// <param name="Number">The writer's running number in the partition.</param>
/// <param name="Bytes">The message.</param>
/// <param name="Events">How many events are in it.</param>
/// <param name="OpenedAt">When its first event came, as a timestamp of the <see cref="TimeProvider"/>.</param>
/// <param name="Answer">What the requests of its events wait for: true when the hub has the frame, false when nobody knows.</param>
internal sealed record ClosedFrame(ulong Number, byte[] Bytes, int Events, long OpenedAt, TaskCompletionSource<bool> Answer)
{
    public bool IsAnswered { get; set; }
}

/// <summary>Sends a frame, and the very same frame again, until the hub has it or its time is over.</summary>
internal sealed partial class FrameSender(
    IEventHub hub, TimeSpan sendBudget, TimeProvider time, IngestInstruments instruments, WaitingBytes waiting, ILogger logger)
{
    private const string EventsProperty = "events";
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    public TimeProvider Time => time;

    public WaitingBytes Waiting => waiting;

    /// <summary>True if the hub has the frame. False says nothing: the answer may have got lost. Never throws.</summary>
    public async Task<bool> Send(string partitionId, ClosedFrame frame)
    {
        using var activity = IngestInstruments.Activities.StartActivity("frame", ActivityKind.Producer);
        activity?.SetTag("partition", partitionId).SetTag("events", frame.Events);
        var accepted = false;
        try
        {
            accepted = await Try(partitionId, frame);
        }
        catch (Exception failure) // whatever it is, its requests get an answer, and the frames behind it their turn
        {
            activity?.SetStatus(ActivityStatusCode.Error, failure.Message);
            LogGivenUp(failure, frame.Number, partitionId, frame.Events);
        }

        instruments.FrameDone(accepted, frame.Events, frame.Bytes.Length, time.GetElapsedTime(frame.OpenedAt));
        return accepted;
    }

    private async Task<bool> Try(string partitionId, ClosedFrame frame)
    {
        var left = sendBudget - time.GetElapsedTime(frame.OpenedAt);
        if (left <= TimeSpan.Zero) throw new TimeoutException("The frame's time was over before its turn came.");
        using var budget = new CancellationTokenSource(left, time);
        var data = new EventData(frame.Bytes, new Dictionary<string, object> { [EventsProperty] = frame.Events });
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await hub.Send(partitionId, data, budget.Token);
                return true;
            }
            catch (EventHubsException busy) when (busy.IsTransient)
            {
                LogSendingAgain(frame.Number, partitionId, busy.Failure, pause);
                instruments.FrameResent();
                try
                {
                    await Task.Delay(pause, time, budget.Token);
                }
                catch (OperationCanceledException)
                {
                    throw busy; // what the hub said last explains more than that the time is over
                }
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Frame {Number} of partition {Partition} is sent again after {Pause}: {Failure}")]
    private partial void LogSendingAgain(ulong number, string partition, EventHubsFailure failure, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Error, Message = "Frame {Number} of partition {Partition} was given up; the requests of its {Events} events are answered 503")]
    private partial void LogGivenUp(Exception failure, ulong number, string partition, int events);
}
