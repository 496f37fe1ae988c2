using CsCheck;
using Xunit;

namespace Orleans.Counter.Tests;

public sealed class FrameNumbersTests
{
    /// <summary>Numbers from 1 on as they stand in a log: each less than a window away from its place, some twice, and some missing, because they were given up.</summary>
    private static readonly Gen<ulong[]> Log =
        from first in Gen.OneOf(Gen.Const(0UL), Gen.ULong[0, 1UL << 62])
        from count in Gen.Int[1, 300]
        from window in Gen.Int[1, FrameNumbers.Window]
        from kept in Gen.Bool.Array[count]
        from again in Gen.Int[0, 5].Array[count]
        from seed in Gen.Int
        select InTheLog(first, count, window, kept, again, new Random(seed));

    private static readonly Gen<int[]> Choice = Gen.Int[0, 999].Array[1, 8];

    [Fact]
    public void What_has_been_read_is_held_and_what_has_not_is_not_whatever_the_order_and_wherever_reading_began() =>
        Gen.Select(Log, Gen.Int[0, 999], Gen.Int[0, 999], Choice).Sample((log, begin, end, chosen) =>
        {
            // A reader that began in the middle, and has come so far. A request's frames follow each other, but its events need not be in all of them.
            var (from, to) = (Math.Min(begin, end) % log.Length, Math.Max(begin, end) % log.Length);
            if (from > to) (from, to) = (to, from);
            var seen = log.Skip(from).Take(to + 1 - from).ToList();
            var read = seen.Aggregate(default(FrameNumbers), (numbers, number) => numbers.With(number));
            var inAll = log.Take(to + 1).ToHashSet();
            var asked = chosen.Select(index => log[index % log.Length]).Distinct().Order().ToArray();

            var holds = read.Hold(asked.Aggregate(default(FrameNumbers), (numbers, number) => numbers.With(number)));

            if (holds) Assert.All(asked, number => Assert.Contains(number, inAll)); // never too soon
            if (asked.All(seen.Contains)) Assert.True(holds); // and never too late for who has read them all
        });

    [Fact]
    public void A_frame_that_has_not_come_is_not_held_because_a_later_one_has()
    {
        var read = default(FrameNumbers).With(1).With(3);

        Assert.False(read.Hold(default(FrameNumbers).With(2)));
        Assert.False(read.Hold(default(FrameNumbers).With(1).With(2)));
        Assert.True(read.Hold(default(FrameNumbers).With(1).With(3)));
        Assert.True(read.With(2).Hold(default(FrameNumbers).With(1).With(2)));
    }

    [Fact]
    public void A_frame_a_window_back_is_in_by_the_promise_of_ingest_and_one_less_than_that_is_not()
    {
        var read = default(FrameNumbers).With(100);

        Assert.True(read.Hold(default(FrameNumbers).With(100 - FrameNumbers.Window)));
        Assert.False(read.Hold(default(FrameNumbers).With(101 - FrameNumbers.Window)));
        Assert.False(default(FrameNumbers).Hold(default(FrameNumbers).With(1)));
    }

    // As a writer does it: only so many are unanswered, the oldest always among them, and the log takes them in any order.
    private static ulong[] InTheLog(ulong first, int count, int window, bool[] kept, int[] again, Random random)
    {
        List<ulong> log = [];
        var flying = new SortedSet<ulong>();
        for (var next = 1; next <= count || flying.Count > 0;)
        {
            if (next <= count && (flying.Count == 0 || (first + (ulong)next) - flying.Min < (ulong)window)) flying.Add(first + (ulong)next++);
            else Land(flying.ElementAt(random.Next(flying.Count)));
            if (flying.Count > 0 && random.Next(3) == 0) Land(flying.ElementAt(random.Next(flying.Count)));
        }

        return log.Count > 0 ? [.. log] : [first + 1];

        void Land(ulong number)
        {
            flying.Remove(number);
            var index = (int)(number - first) - 1;
            if (!kept[index]) return;
            log.Add(number);
            if (again[index] == 0) log.Add(log[Math.Max(0, log.Count - 1 - random.Next(window))]);
        }
    }
}
