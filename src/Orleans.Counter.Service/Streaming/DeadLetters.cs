using System.Collections;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Streaming;

/// <summary>Sets aside what stands in the log and cannot be counted. Each letter is durable before the reader moves on.</summary>
internal sealed partial class DeadLetters(IDeadLetterStore store, IOptions<AcceptanceOptions> acceptance, StreamingInstruments instruments, ILogger<DeadLetters> logger)
{
    /// <summary>Ingest has judged the time already, by its own clock and some seconds earlier; the log's clock is allowed to differ by this much.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    /// <summary>No frame of ours holds more; a message that says so is not believed.</summary>
    private const long EventsMax = 1 << 20;

    /// <summary>A message that is no frame of ours: kept whole, with its bytes.</summary>
    /// <returns>How many events it says it holds; 0 if it does not say, or cannot.</returns>
    public async ValueTask<long> Undecodable(int partition, Position position, ReceivedEvent message, string reason, CancellationToken cancellationToken)
    {
        var said = message.Properties.TryGetValue("events", out var count) && count is int or long ? Convert.ToInt64(count, CultureInfo.InvariantCulture) : 0;
        var events = said is >= 0 and <= EventsMax ? said : 0;
        await Add(new($"{partition}/{position.Value:x16}", "undecodable", reason, events, message.Body), cancellationToken);
        return events;
    }

    /// <summary>Keeps the events of a message that are too old or too far ahead to be counted; the answer tells which ones those are.</summary>
    public async ValueTask<Func<Minute, bool>> OutOfTime(int partition, Position position, ReceivedEvent message, FrameReader frame, BitArray? repeats, CancellationToken cancellationToken)
    {
        var from = Minute.Of(message.EnqueuedTime - acceptance.Value.Window - Grace);
        var to = Minute.Of(message.EnqueuedTime + AcceptanceOptions.Ahead + Grace);
        bool IsOutOfTime(Minute minute) => minute < from || minute > to;

        List<object>? letters = null;
        var index = -1;
        foreach (var (video, type, _, time, value) in frame.Events())
        {
            index++;
            if (!IsOutOfTime(Minute.OfUnixMilliseconds(time)) || repeats?[index] is true) continue;
            (letters ??= []).Add(new { index, videoId = frame.Videos[video].Value, type = frame.Types[type].Value, timestamp = DateTimeOffset.FromUnixTimeMilliseconds(time), value });
        }

        if (letters is not null)
            await Add(new($"{partition}/{position.Value:x16}-time", "out_of_time", $"Older than {acceptance.Value.Window}, or more than {AcceptanceOptions.Ahead} ahead, when the hub took them.", letters.Count, JsonSerializer.SerializeToUtf8Bytes(letters)), cancellationToken);
        return IsOutOfTime;
    }

    private async ValueTask Add(DeadLetter letter, CancellationToken cancellationToken)
    {
        await store.Add(letter, cancellationToken);
        instruments.DeadLettered(letter.EventCount);
        LogDeadLetter(letter.Id, letter.Reason, letter.EventCount);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Dead letter {Id}: {Reason}, {Events} events.")]
    private partial void LogDeadLetter(string id, string reason, long events);
}
