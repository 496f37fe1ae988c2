using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Counter.Storage;
using Orleans.Counter.Streaming;
using Orleans.Counter.Tests.Counting;

namespace Orleans.Counter.Tests.Simulation;

/// <summary>A few hours in the life of the service: clients send, everything that can fail fails, then the dust settles, and every row is compared with the log.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A hub in memory holds nothing.")]
internal sealed class Schedule
{
    private readonly int _seed;
    private readonly World _world;
    private readonly Faults _faults;
    private readonly SimTables _tables;
    private readonly SimCluster _cluster;
    private readonly Traffic _traffic;
    private readonly IReadOnlyList<Shard> _shards;
    private readonly Operator _operator;
    private readonly bool _isOperated; // Then corrections hide from the witness what is missing.
    private readonly Witness _witness;
    private readonly int _partitions;
    private readonly SimAgent?[] _readers;
    private readonly List<SimAgent> _oldReaders = [];
    private readonly double _streamShare;
    private SimHub _hub;
    private int _era;

    private Schedule(int seed, Action<string>? trace)
    {
        _seed = seed;
        _world = new(seed, trace);
        _faults = Faults.Draw(_world.Random);
        _tables = new(_world, _faults);
        _partitions = 1 + _world.Random.Next(2);
        _traffic = new(_world, _partitions);
        _readers = new SimAgent?[_partitions];
        _streamShare = _world.Random.Next(3) == 0 ? 0.0008 : 1;
        _hub = new(_world, _faults, _world.Now);
        _witness = new(_world, _traffic);
        _cluster = new(_world, _faults, _tables) { Hub = _hub, Witness = _witness };
        _shards = [.. Shard.All.Where(shard => shard.Partition(SimHub.PartitionCount) < _partitions)];
        _operator = new(_world, _cluster, _shards);
        _isOperated = _world.Random.Next(2) == 0;
        _world.Say(() => $"{_faults}, {_partitions} partitions");
    }

    /// <summary>Runs one schedule; two runs of a seed are the same, as their digests say.</summary>
    /// <exception cref="InexactException">Something was lost, counted twice, or never came to rest.</exception>
    public static long Run(int seed, Action<string>? trace = null)
    {
        var schedule = new Schedule(seed, trace);
        schedule.Play();
        if (schedule._world.Random.Next(8) == 0) schedule.NewHub();
        return schedule._world.Digest;
    }

    private void Play()
    {
        Start();
        Add();
        for (var frames = 20 + _world.Random.Next(30); frames > 0; frames--)
        {
            _traffic.Send(_hub, _era);
            if (_isOperated && _world.Random.Next(3) == 0) _operator.Act(_traffic.AnyVideo());
            if (_world.Chance(_faults.Mishap)) Mishap();
            SeeToReaders();
            if (!_isOperated && _world.Random.Next(4) == 0) _witness.Ask(_cluster, _era);
            Go(_world.Random.Next(4) switch { 0 => TimeSpan.Zero, 1 => TimeSpan.FromSeconds(30), 2 => TimeSpan.FromMinutes(4), _ => TimeSpan.FromMinutes(_world.Random.Next(16)) });
        }

        _world.IsCalm = true;
        Go(TimeSpan.FromMinutes(15));
        Bury(left: 0);
        SeeToReaders();
        if (!_world.Run(() => _operator.IsDone && IsStored(), TimeSpan.FromHours(12))) throw new InexactException(_seed, ["it never came to rest"]);
        Go(TimeSpan.FromMinutes(30)); // Whatever is still on its way may arrive.
        var archiving = _shards.Select(Archive).ToList();
        if (!_world.Run(() => archiving.All(one => one.IsCompleted), TimeSpan.FromHours(12))) throw new InexactException(_seed, ["the archive never came to rest"]);
        foreach (var archived in archiving) archived.GetAwaiter().GetResult(); // It fails if one of them did.
        string[] differences = [.. Audit.Differences(_tables, _cluster.Segments, _cluster.Letters, Recount.Of(_traffic.Log, _operator.Corrections, _operator.Imports), _world.Now), .. _operator.Differences(_tables)];
        if (differences.Length > 0) throw new InexactException(_seed, differences);
        var wrong = _witness.InTheEnd(_cluster, _era);
        if (wrong.Count > 0) throw new InexactException(_seed, wrong);
    }

    private void Go(TimeSpan time) => _world.Run(() => false, time);

    /// <summary>Another process. It knows the log from those before it: to compare the hub with the storage for every one of them would take most of the time.</summary>
    private void Add()
    {
        var log = _cluster.Silos[0].Log.Row;
        _cluster.Join().Log.Is(log);
    }

    /// <summary>The first process, which compares the hub with the storage.</summary>
    private void Start()
    {
        var silo = _cluster.Join();
        var check = new LogCheck(_hub, silo.Store, silo.Log, _world, NullLogger<LogCheck>.Instance);
        var checking = silo.Background.Run(() => check.Check(CancellationToken.None));
        _world.Run(() => checking.IsCompleted, TimeSpan.FromHours(1));
        checking.GetAwaiter().GetResult();
    }

    private void TakeOver(int partition)
    {
        var silo = _world.Any(_cluster.Silos);
        if (_readers[partition] is { } old)
        {
            if (_world.Random.Next(2) == 0) old.Leave();
            else _oldReaders.Add(old);
        }

        _world.Say(() => $"{silo.Name} reads partition {partition}");
        _readers[partition] = new(_cluster, silo, _hub, partition, _streamShare);
    }

    private void SeeToReaders()
    {
        for (var partition = 0; partition < _partitions; partition++)
        {
            if (_readers[partition] is null or { Silo.IsExpelled: true }) TakeOver(partition);
            if (_readers[partition] is { HasGivenUp: true } stuck)
            {
                stuck.Leave();
                _readers[partition] = null;
                TakeOver(partition);
            }
        }
    }

    private void Mishap()
    {
        var grains = _cluster.All;
        switch (_world.Random.Next(10))
        {
            case 0:
                Expel(isDead: true);
                break;
            case 1:
                Expel(isDead: false);
                break;
            case 2:
                TakeOver(_world.Random.Next(_partitions));
                break;
            case 3 when grains.Count > 0:
                _world.Any(grains).Deactivate(default);
                break;
            case 4 or 5 when grains.Count > 0:
                Lose(_world.Any(grains));
                break;
            case 6 when grains.Count > 0:
                _world.Any(grains).Turns.Freeze(_world.UpTo(TimeSpan.FromMinutes(20)));
                break;
            case 7:
                _tables.Away(_world.Any(["counts0", "counts8"]), _world.UpTo(TimeSpan.FromMinutes(10)));
                break;
            case 8 when _readers[0] is { } reader:
                reader.Turns.Freeze(_world.UpTo(TimeSpan.FromMinutes(20)));
                break;
            case 9 when _isOperated:
                _ = Archive(_world.Any(_shards));
                break;
            case var _ when _cluster.Silos.Count < 3:
                Add();
                break;
        }

        Bury(left: 2);
    }

    /// <summary>The directory loses a grain: there may be two of it from now on.</summary>
    private void Lose(Activation activation)
    {
        _world.Say(() => $"{activation.GrainId} is lost");
        _cluster.Forget(activation);
        if (_world.Random.Next(3) == 0) activation.Turns.Die();
        else if (_world.Random.Next(2) == 0) activation.Turns.Freeze(_world.UpTo(TimeSpan.FromMinutes(30)));
    }

    private void Expel(bool isDead)
    {
        var silo = _world.Any(_cluster.Silos);
        if (_world.Random.Next(2) == 0)
        {
            var time = _world.UpTo(TimeSpan.FromMinutes(30));
            foreach (var turns in silo.Everything) turns.Freeze(time);
        }

        if (_cluster.Silos.Count < 3) Add();
        _cluster.Expel(silo, isDead);
    }

    /// <summary>Ends all but the youngest of those that should be gone.</summary>
    private void Bury(int left)
    {
        for (; _cluster.Expelled.Count > left; _cluster.Expelled.RemoveAt(0)) _cluster.Expelled[0].Die();
        for (; _oldReaders.Count > left; _oldReaders.RemoveAt(0)) _oldReaders[0].Leave();
    }

    /// <summary>Puts old days that have changed into segments, and takes their rows away. Ends in the middle if its process does; there may be two at once.</summary>
    private Task Archive(Shard shard)
    {
        var silo = _world.Any(_cluster.Silos);
        return silo.Background.Run(new Archivist(silo.Rollups, _cluster.Segments, shard, Operator.LastOldDay).Finish);
    }

    private bool IsStored() => Shard.All.Where(shard => shard.Partition(SimHub.PartitionCount) < _partitions).All(shard =>
    {
        var end = Position.Of(_era, _hub.Log(shard.Partition(SimHub.PartitionCount)).Count - 1);
        var row = _tables.Row(TableLayout.Table(shard), TableLayout.PartitionKey(shard), TableLayout.CheckpointKey);
        return end.SequenceNumber < 0 || (row is not null && RowCodec.DecodeShard(row).Position >= end);
    });

    /// <summary>Another hub takes the place of the first: it is refused until somebody says that its log follows. Everybody who read the old one was stopped before.</summary>
    private void NewHub()
    {
        _world.Say(() => "another hub");
        foreach (var silo in _cluster.Silos.ToArray()) _cluster.Expel(silo, isDead: true);
        var counted = _hub;
        _cluster.Hub = _hub = new(_world, _faults, _world.Now);
        _era = 1;
        var hasGrown = _world.Random.Next(2) == 0; // Then only its age tells it from the one that was counted.
        while (hasGrown && Enumerable.Range(0, _partitions).Any(partition => _hub.Log(partition).Count < counted.Log(partition).Count)) _traffic.Send(_hub, _era);
        try
        {
            Start();
            throw new InexactException(_seed, ["another hub was not refused"]);
        }
        catch (LogMismatchException)
        {
            foreach (var silo in _cluster.Silos.ToArray()) _cluster.Expel(silo, isDead: true);
        }

        _tables.Put(TableLayout.Table(TableLayout.LogShard), RowCodec.Encode(LogRow.FromBeginning("simulated", _hub.CreatedAt, SimHub.PartitionCount, _era)));
        _world.IsCalm = false;
        Array.Clear(_readers);
        Play();
    }
}

/// <summary>A schedule that did not end exact.</summary>
internal sealed class InexactException(int seed, IReadOnlyList<string> differences)
    : Exception($"COUNTER_SEED={seed}: {string.Join("; ", differences.Take(6))}{(differences.Count > 6 ? $"; and {differences.Count - 6} more" : "")}");
