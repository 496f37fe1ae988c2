using System.Collections;
using System.IO.Hashing;
using System.Numerics;
using System.Text;
using Orleans.Counter.EventHubs;
using Orleans.Counter.EventHubStreams;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Streaming;

/// <summary>Makes of a partition's messages what its shards get: reads frames, tells repeats, sets aside what cannot be counted, folds the rest.</summary>
/// <remarks>Everything it decides is a function of the log alone, so that every reader, at every replay, decides alike.</remarks>
internal sealed class CounterPartition : IPartitionDataAdapter
{
    private const int TallyWeight = 80;

    private static readonly TimeSpan ForgetEvery = TimeSpan.FromSeconds(15);

    private readonly int _partition;
    private readonly LogIdentity _log;
    private readonly ICountStore _store;
    private readonly DeadLetters _deadLetters;
    private readonly Sightings _sightings;
    private readonly StreamingInstruments _instruments;
    private readonly TimeProvider _clock;
    private readonly Shard[] _shards;
    private readonly (long Events, long DeadLettered)[] _tallies;
    private readonly FrameReader _frame = new();
    private readonly MessageFold _fold = new();
    private readonly Generations _generations = new();
    private readonly Verdicts _verdicts = new();
    private readonly SightingRecorder _recorder;
    private Task<Stored?>? _stored;
    private DateTimeOffset _forgetAt;

    public CounterPartition(string partitionId, LogIdentity log, ICountStore store, DeadLetters deadLetters, Sightings sightings, StreamingInstruments instruments, TimeProvider clock)
    {
        _partition = int.Parse(partitionId, System.Globalization.CultureInfo.InvariantCulture);
        (_log, _store, _deadLetters, _sightings, _instruments, _clock) = (log, store, deadLetters, sightings, instruments, clock);
        _recorder = sightings.Record(_partition);
        _shards = [.. Shard.All.Where(shard => shard.Partition(log.PartitionCount) == _partition)];
        _tallies = new (long, long)[_shards.Length];
        Streams = [.. _shards.Select(shard => StreamId.Create(StreamNames.Shards, shard.ToString()))];
    }

    public IReadOnlyList<StreamId> Streams { get; }

    /// <summary>
    /// Every shard goes on after its checkpoint. Reading begins where a reader before this one has written down what it had seen; if there is nothing of the kind, it begins
    /// far enough before the first checkpoint to know which ids have been seen.
    /// </summary>
    public async Task<PartitionStart> Start(CancellationToken cancellationToken)
    {
        var checkpoints = await Task.WhenAll(_shards.Select(shard => Checkpoint(shard, cancellationToken)));
        _forgetAt = _clock.GetUtcNow() + ForgetEvery;
        var begin = _log.StartOf(_shards[0]).SequenceNumber;
        long[] after = [.. checkpoints.Select(row => row?.Position.SequenceNumber ?? begin)];
        if (Stored.ByAll(checkpoints) is not { } stored) return new(begin < 0 ? EventPosition.Earliest : EventPosition.After(begin), after);
        _verdicts.Forget(stored.Position.SequenceNumber);
        if (await _sightings.Load(_partition, stored, cancellationToken) is not { } known)
            return new(EventPosition.EnqueuedAfter(Generations.NeededFor(stored.EnqueuedTime).AddTicks(-1)), after);
        _generations.Resume(known);
        _recorder.Resume(known);
        return new(EventPosition.After(known.Through), after);
    }

    /// <summary>What was seen and is not written yet is written now, as far as there is time.</summary>
    public Task Leave(CancellationToken cancellationToken) => _recorder.End(cancellationToken);

    public async ValueTask Read(ReceivedEvent message, IStreamSink sink, CancellationToken cancellationToken)
    {
        if (_verdicts.Forgot(message.SequenceNumber)) return;
        var poison = _frame.Read(message) ?? Misrouted();
        var repeats = message.SequenceNumber <= _verdicts.Last ? _verdicts.Of(message.SequenceNumber) : Judge(message, isFrame: poison is null);
        await Forget();
        if (_verdicts.Forgot(message.SequenceNumber) || !Enumerable.Range(0, _shards.Length).Any(sink.Wants)) return; // Read only to know which ids have been seen.
        var position = Position.Of(_log.Era, message.SequenceNumber);
        if (poison is not null)
        {
            // Whose events they are, nobody can say: the partition's first shard answers for them.
            var events = await _deadLetters.Undecodable(_partition, position, message, poison, cancellationToken);
            if (sink.Wants(0)) sink.Add(0, new Tally(position, events, events), TallyWeight);
            return;
        }

        var tooOld = await _deadLetters.OutOfTime(_partition, position, message, _frame, repeats, cancellationToken);
        Count(position, repeats, tooOld, sink);
        foreach (var entries in _fold.Fold(_frame, position, repeats, tooOld))
        {
            var stream = StreamOf(entries.Video);
            if (sink.Wants(stream)) sink.Add(stream, entries, weight: 100 + (100 * entries.Entries.Count));
        }

        _instruments.Read(_frame.Count, message.EnqueuedTime);
    }

    /// <summary>Tells each shard how many events of the message are its own, so that it can answer for every one of them.</summary>
    private void Count(Position position, BitArray? repeats, Func<Minute, bool> isSetAside, IStreamSink sink)
    {
        Span<int> streams = _frame.Videos.Length <= 1024 ? stackalloc int[_frame.Videos.Length] : new int[_frame.Videos.Length];
        for (var i = 0; i < streams.Length; i++) streams[i] = StreamOf(_frame.Videos[i]);
        Array.Clear(_tallies);
        var index = -1;
        foreach (var (video, _, _, time, _) in _frame.Events())
        {
            index++;
            ref var tally = ref _tallies[streams[video]];
            tally.Events++;
            if (repeats?[index] is not true && isSetAside(Minute.OfUnixMilliseconds(time))) tally.DeadLettered++;
        }

        for (var stream = 0; stream < _tallies.Length; stream++)
            if (_tallies[stream] is { Events: > 0 } tally && sink.Wants(stream)) sink.Add(stream, new Tally(position, tally.Events, tally.DeadLettered, _frame.Sender.Writer, _frame.Sender.Number), TallyWeight);
    }

    // Our shards are every n-th of all.
    private int StreamOf(VideoId video) => Shard.Of(video).Number / _log.PartitionCount;

    /// <summary>A video that lives in another partition would be counted by nobody: whoever packed the frame counted other partitions than we do.</summary>
    private string? Misrouted()
    {
        foreach (var video in _frame.Videos)
            if (Shard.Of(video).Partition(_log.PartitionCount) is var home && home != _partition) return $"Video {video} belongs to partition {home}, and came in {_partition}.";
        return null;
    }

    /// <summary>Which events of the message are repeats. Asked once for each message, in the order of the log.</summary>
    private BitArray? Judge(ReceivedEvent message, bool isFrame)
    {
        BitArray? repeats = null;
        if (isFrame) _generations.MoveTo(message.EnqueuedTime);
        _recorder.MoveTo(message.SequenceNumber, _generations.Reached);
        if (isFrame)
        {
            // A frame that ingest had to send twice is a repeat whole, events without an id included.
            var isRepeat = HasSeen(Mix(_frame.Sender.Writer, _frame.Sender.Number));
            if (isRepeat) repeats = new(_frame.Count, true);
            Span<ulong> videos = _frame.Videos.Length <= 1024 ? stackalloc ulong[_frame.Videos.Length] : new ulong[_frame.Videos.Length];
            for (var i = 0; i < videos.Length; i++) videos[i] = Hash(_frame.Videos[i]);
            var index = -1;
            foreach (var (video, _, id, _, _) in _frame.Events())
            {
                index++;
                if (id != 0 && HasSeen(Mix(videos[video], id)) && !isRepeat) (repeats ??= new(_frame.Count))[index] = true;
            }
        }

        _verdicts.Add(message.SequenceNumber, repeats);
        _recorder.Write();
        return repeats;
    }

    private bool HasSeen(ulong id)
    {
        _recorder.Add(id);
        return _generations.HasSeen(id);
    }

    /// <summary>Once in a while the shards are asked what they have stored: verdicts before the least of it, and sightings well before it, will never be needed again.</summary>
    private async ValueTask Forget()
    {
        if (_stored is { IsCompleted: true } stored)
        {
            _stored = null;
            if (await stored is { } least)
            {
                _verdicts.Forget(least.Position.SequenceNumber);
                _recorder.DeleteBefore(Generations.Of(least.EnqueuedTime) - 2);
            }
        }

        if (_stored is not null || _clock.GetUtcNow() < _forgetAt) return;
        _forgetAt = _clock.GetUtcNow() + ForgetEvery;
        _stored = StoredByAll();
    }

    private async Task<Stored?> StoredByAll() => Stored.ByAll(await Task.WhenAll(_shards.Select(shard => Checkpoint(shard, CancellationToken.None))));

    private async Task<ShardRow?> Checkpoint(Shard shard, CancellationToken cancellationToken) =>
        await _store.ReadShard(shard, cancellationToken) is { } stands && stands.Row.Position.Era == _log.Era ? stands.Row : null;

    private static ulong Hash(VideoId video)
    {
        Span<byte> utf8 = stackalloc byte[VideoId.LengthMax];
        return XxHash3.HashToUInt64(utf8[..Encoding.ASCII.GetBytes(video.Value, utf8)]);
    }

    // Two 64-bit values into one, never zero: the finisher of SplitMix64 over their sum, one of them turned.
    private static ulong Mix(ulong one, ulong other)
    {
        unchecked
        {
            var mixed = BitOperations.RotateLeft(one, 32) + (other * 0x9E3779B97F4A7C15);
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return Math.Max(1, mixed ^ (mixed >> 31));
        }
    }
}
