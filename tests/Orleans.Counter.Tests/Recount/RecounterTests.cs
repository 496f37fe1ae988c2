using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Recount;
using Orleans.Counter.Storage;
using Orleans.Counter.Streaming;
using Orleans.Counter.Tests.Simulation;
using Xunit;

namespace Orleans.Counter.Tests.Recount;

/// <summary>The recount of random logs, against the rules as the simulation knows them: and every schedule of the simulation ends with rows that keep to those.</summary>
public sealed class RecounterTests
{
    private static readonly TimeSpan Window = Simulation.Recount.Window;

    [Fact]
    public async Task It_says_what_the_rules_of_the_log_say_or_what_it_lacks_of_the_log_to_say_so()
    {
        var (complete, incomplete, counted, repeats) = (0, 0, 0L, 0L);
        for (var seed = 0; seed < 300; seed++)
        {
            var log = new RandomLog(seed);
            foreach (var video in log.Videos)
            {
                var (cells, missing, range, through) = await log.Recount(video);
                if (log.IsWhole(range)) Assert.True(missing.Count == 0, $"Seed {seed} lacks nothing, but {string.Join(" ", missing)}");
                if (missing.Count > 0)
                {
                    incomplete++;
                    continue;
                }

                var expected = log.Expected(video, range, through);
                Assert.True(expected.OrderBy(one => one.Key, StringComparer.Ordinal).SequenceEqual(cells.OrderBy(one => one.Key, StringComparer.Ordinal)), $"Seed {seed}, {video}, {range}: {string.Join(", ", expected.Except(cells))} are not {string.Join(", ", cells.Except(expected))}");
                complete++;
                counted += expected.Values.Sum(cell => cell.Count);
                repeats += log.Repeats(video);
            }
        }

        // So many that it means something.
        Assert.True(complete > 400 && incomplete > 100 && counted > 1_000 && repeats > 1_000, $"{complete} complete, {incomplete} not, {counted} events, {repeats} repeats.");
    }

    /// <summary>A log of some hours with all that clients do, cut into captured files, some of which may be gone; and a hub that may have forgotten its beginning. In some a second era begins in the middle.</summary>
    [SuppressMessage("Design", "CA1001", Justification = "A hub in memory holds nothing.")]
    private sealed class RandomLog
    {
        private const int Partition = 0;

        private readonly Random _random;
        private readonly Traffic _traffic;
        private readonly MemoryCapture _capture = new();
        private readonly HubAgain _hub;
        private readonly World _world;
        private readonly LogIdentity _log = new();
        private readonly bool _isWhole;

        public RandomLog(int seed)
        {
            _world = new World(seed, trace: null);
            _random = _world.Random;
            _traffic = new(_world, partitions: 1);
            var created = _world.Now.AddMinutes(-1);
            var hub = new SimHub(_world, Faults.Draw(_random), created);
            _hub = new(id => hub.Log(int.Parse(id, CultureInfo.InvariantCulture)));
            var (messages, era) = (30 + _random.Next(60), _random.Next(3) == 0 ? 1 : 0);
            for (var i = 0; i < messages; i++)
            {
                if (era == 1 && i == messages / 3) Advance(hub, created);
                _traffic.Send(hub, i < messages / 3 ? 0 : era);
                _world.Run(() => false, TimeSpan.FromMinutes(_random.Next(3) == 0 ? _random.Next(20) : _random.Next(2)));
            }

            if (era == 0) _log.Is(LogRow.FromBeginning("simulated", created, SimHub.PartitionCount, 0));
            _isWhole = Capture(hub.Log(Partition));
        }

        public IEnumerable<VideoId> Videos => _traffic.Log.SelectMany(sent => sent.Events).Select(one => one.Video).Distinct();

        public bool IsWhole(MinuteRange range) => _isWhole && (_log.Era == 0 || Recounter.Needed(range, Window).From >= _log.Row.AdvancedAt);

        public async Task<(Dictionary<string, Cell> Cells, IReadOnlyList<MissingLog> Missing, MinuteRange Range, Position Through)> Recount(VideoId video)
        {
            var first = Minute.Of(_traffic.Log[0].EnqueuedTime).Number - 60;
            var last = Minute.Of(_world.Now).Number + 10;
            var begin = _random.Next(first, last);
            var range = new MinuteRange(new(begin), new(_random.Next(begin, last) + 1));
            var through = _traffic.Log[_random.Next(_traffic.Log.Count)].Position;
            var recounter = new Recounter(new(video, range, Window, _log.Era, SimHub.PartitionCount, _ => through, Position.Start, []));
            var (from, to) = Recounter.Needed(range, Window);
            var missing = await new RawLog(_capture, new LogAgain(_hub), _log, _world).Read(Shard.Of(video), from, to, through, recounter.Take, CancellationToken.None);
            return (recounter.Cells.ToDictionary(cell => Simulation.Recount.MinuteOf(video, cell.Key.Type.Value, cell.Key.Minute), cell => cell.Value), missing, range, through);
        }

        public Dictionary<string, Cell> Expected(VideoId video, MinuteRange range, Position through)
        {
            var minutes = Simulation.Recount.Of(_traffic.Log.Where(sent => sent.Position <= through), [], []).Minutes;
            return minutes.Where(minute => minute.Key.StartsWith($"{video} ", StringComparison.Ordinal) && range.Contains(Minute.Of(DateTimeOffset.Parse(minute.Key.Split(' ')[2], CultureInfo.InvariantCulture)))).ToDictionary();
        }

        public long Repeats(VideoId video) => Simulation.Recount.Of(_traffic.Log, [], []).Duplicates.GetValueOrDefault(video.Value);

        private void Advance(SimHub hub, DateTimeOffset created) =>
            _log.Is(new("simulated", created, SimHub.PartitionCount, 1, [.. Enumerable.Range(0, SimHub.PartitionCount).Select(partition => hub.Log(partition).Count - 1L)], _world.Now));

        /// <returns>True if files and hub hold everything together.</returns>
        private bool Capture(IReadOnlyList<ReceivedEvent> log)
        {
            var (captured, start, named) = (_random.Next(4) == 0 ? 0 : _random.Next(log.Count + 1), 0, DateTimeOffset.MinValue);
            _hub.Begin = _random.Next(3) == 0 ? 0 : _random.Next(log.Count);
            while (start < captured)
            {
                // What is named after the time at which it ended is as good.
                var count = Math.Min(captured - start, 1 + _random.Next(12));
                while (count > 1 && log[start + count - 1].EnqueuedTime - log[start].EnqueuedTime > TimeSpan.FromMinutes(14)) count--;
                if (_random.Next(6) == 0) Add(log[start].EnqueuedTime.AddSeconds(-40), []);
                Add((_random.Next(5) == 0 ? log[start + count - 1] : log[start]).EnqueuedTime, [.. log.Skip(start).Take(count)]);
                start += count;
            }

            // Each name is later than the one before, also where the hub's clock steps back.
            void Add(DateTimeOffset time, IReadOnlyList<ReceivedEvent> messages)
            {
                named = time > named ? time : named.AddSeconds(1);
                _capture.Add(Partition, named, messages);
            }

            if (captured == 0 || _hub.Begin == 0) return _hub.Begin == 0;
            if (_random.Next(4) > 0) return _hub.Begin <= captured;
            _capture.Remove(_capture.Files(Partition)[_random.Next(_capture.Files(Partition).Count)]);
            return false;
        }
    }
}
