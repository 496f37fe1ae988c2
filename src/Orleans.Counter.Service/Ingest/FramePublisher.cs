using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Ingest;

/// <summary>The writers of all partitions. Asks the hub at the start how many there are, and accepts nothing before it has answered.</summary>
internal sealed partial class FramePublisher(
    IEventHub hub, IOptions<IngestOptions> options, TimeProvider time, IngestInstruments instruments, WaitingBytes waiting, ILogger<FramePublisher> logger)
    : BackgroundService
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(1);
    private readonly FrameSender _sender = new(hub, options.Value.SendBudget, time, instruments, waiting, logger);
    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ulong _name = NewName();
    private volatile FrameWriter[] _writers = [];

    /// <summary>Ends when the hub's partitions are known.</summary>
    public Task Known => _known.Task;

    /// <summary>Puts the events into frames, before it returns its task, and then waits for the hub's answers.</summary>
    /// <returns>
    /// Whether the hub has them all; if not, nothing is known to be accepted: it cannot be reached, or too much waits for it already. And which frames hold them, good only if it has.
    /// </returns>
    public (Task<bool> Accepted, string Ack) Publish(EventBatch batch)
    {
        var writers = _writers;
        if (writers.Length == 0 || waiting.Now > options.Value.WaitingBytesMax) return (Task.FromResult(false), "");
        Span<int> firsts = stackalloc int[Shard.Count];
        firsts = firsts[..Math.Min(writers.Length, Shard.Count)];
        batch.Divide(firsts, writers.Length);
        Span<FrameNumbers> frames = stackalloc FrameNumbers[Shard.Count];
        frames.Clear();
        var answers = new List<Task<bool>>(Math.Min(batch.Count, writers.Length));
        for (var partition = 0; partition < firsts.Length; partition++)
            if (firsts[partition] >= 0) writers[partition].Add(batch, firsts[partition], answers, frames);
        return (All(answers), CounterAck.Write(_name, frames));
    }

    public override void Dispose()
    {
        foreach (var writer in _writers) writer.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var partitions = await AskPartitions(stoppingToken);
        _writers = [.. Enumerable.Range(0, partitions).Select(id => new FrameWriter(id.ToString(CultureInfo.InvariantCulture), _name, _sender, options.Value))];
        LogReady(partitions, _name);
        _known.SetResult();
    }

    private static ulong NewName()
    {
        Span<byte> random = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(random);
        return BinaryPrimitives.ReadUInt64LittleEndian(random);
    }

    private static async Task<bool> All(List<Task<bool>> answers)
    {
        foreach (var answer in answers)
            if (!await answer) return false; // at once: the others may take their time, the answer is known
        return true;
    }

    private async Task<int> AskPartitions(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                return (await hub.GetProperties(stoppingToken)).PartitionIds.Count;
            }
            catch (EventHubsException failure)
            {
                LogHubUnknown(failure, AskAgainAfter.TotalSeconds);
                await Task.Delay(AskAgainAfter, time, stoppingToken);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Frames go to {Partitions} partitions; this process writes as {Writer:x16}")]
    private partial void LogReady(int partitions, ulong writer);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The hub does not say what it is: events are refused, and it is asked again in {Seconds} s")]
    private partial void LogHubUnknown(Exception failure, double seconds);
}
