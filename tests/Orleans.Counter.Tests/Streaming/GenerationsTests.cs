using CsCheck;
using Orleans.Counter.Streaming;
using Xunit;

namespace Orleans.Counter.Tests.Streaming;

public sealed class GenerationsTests
{
    private static readonly DateTimeOffset Start = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A log over about an hour: ids that repeat, and a clock that steps back by up to half a minute.</summary>
    private static readonly Gen<(DateTimeOffset Time, ulong Id)[]> Log = Gen.Select(Gen.Int[0, 180], Gen.Int[0, 30], Gen.ULong[1, 8]).Array[1, 80].Select(parts =>
    {
        var time = Start;
        return parts.Select(part => ((time = time.AddSeconds(part.Item1)).AddSeconds(-part.Item2), part.Item3)).ToArray();
    });

    [Fact]
    public void A_repeat_within_ten_minutes_is_always_known_and_one_after_twenty_never() =>
        Log.Sample(log =>
        {
            var verdicts = Verdicts(log, 0).ToArray();
            for (var i = 0; i < log.Length; i++)
            {
                var earlier = log[..i].Where(one => one.Id == log[i].Id).ToList();
                if (earlier.Any(one => log[i].Time - one.Time <= Generations.Length - TimeSpan.FromSeconds(60))) Assert.True(verdicts[i]);
                if (earlier.All(one => log[i].Time - one.Time > 2 * Generations.Length + TimeSpan.FromSeconds(60))) Assert.False(verdicts[i]);
            }
        });

    [Fact]
    public void A_reader_that_takes_over_decides_as_its_predecessor_did() =>
        Gen.Select(Log, Gen.Int[0, 79]).Sample((log, at) =>
        {
            at %= log.Length;
            var needed = Generations.NeededFor(log[at].Time);
            var from = Array.FindIndex(log, one => one.Time > needed.AddTicks(-1));

            Assert.Equal(Verdicts(log, 0).Skip(at), Verdicts(log, from).Skip(at - from));
        });

    [Fact]
    public void A_repeat_is_what_stands_earlier_in_the_same_generation_or_the_one_before_at_every_message_of_every_log() =>
        Log.Sample(log =>
        {
            long[] generations = [.. log.Select((_, at) => log[..(at + 1)].Max(one => Generations.Of(one.Time)))];
            var expected = log.Select((one, at) => Enumerable.Range(0, at).Any(earlier => log[earlier].Id == one.Id && generations[earlier] >= generations[at] - 1));

            Assert.Equal(expected, Verdicts(log, 0));
        });

    [Fact]
    public void Old_generations_are_forgotten()
    {
        var generations = new Generations();
        for (var minute = 0; minute < 600; minute++) Sees(generations, Start.AddMinutes(minute), (ulong)minute + 1);
        Assert.InRange(generations.Count, 1, 30);
    }

    [Fact]
    public void A_set_holds_what_was_added_and_nothing_else() =>
        Gen.ULong[1, 5000].Array[0, 4000].Sample(ids =>
        {
            var (set, model) = (new IdSet(), new HashSet<ulong>());
            foreach (var id in ids)
            {
                Assert.Equal(model.Contains(id), set.Contains(id));
                set.Add(id);
                model.Add(id);
            }

            Assert.Equal(model.Count, set.Count);
        });

    private static IEnumerable<bool> Verdicts((DateTimeOffset Time, ulong Id)[] log, int from)
    {
        var generations = new Generations();
        return [.. log[from..].Select(one => Sees(generations, one.Time, one.Id))];
    }

    private static bool Sees(Generations generations, DateTimeOffset time, ulong id)
    {
        generations.MoveTo(time);
        return generations.HasSeen(id);
    }
}
