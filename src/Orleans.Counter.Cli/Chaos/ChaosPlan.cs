namespace Orleans.Counter.Cli.Chaos;

/// <summary>What can be done to a running counter.</summary>
internal enum FaultKind
{
    /// <summary>A silo is killed (SIGKILL), and started again.</summary>
    SiloKilled,

    /// <summary>A silo stands still (SIGSTOP), and goes on later without knowing it (SIGCONT): by then others do its work.</summary>
    SiloFrozen,

    /// <summary>The event hub is killed (SIGKILL), and started again.</summary>
    HubKilled,

    /// <summary>Some writes are done, and the connection ends instead of saying so.</summary>
    AnswersLost,

    /// <summary>Some writes are done only after the sender has lost its connection and gone on.</summary>
    WritesLate,

    /// <summary>The storage turns requests away: 429 and 503.</summary>
    Throttled,

    /// <summary>The storage fails: 500.</summary>
    Failing,

    /// <summary>Requests are not answered at all, whether they are done or not.</summary>
    Hanging,

    /// <summary>Nobody reaches the storage.</summary>
    Closed,
}

/// <summary>One thing that happens.</summary>
/// <param name="At">When, after the start.</param>
/// <param name="Kind">What.</param>
/// <param name="Silo">To which silo, from 1; 0: to none.</param>
/// <param name="Lasts">For how long; zero for what is done at once.</param>
internal sealed record Fault(TimeSpan At, FaultKind Kind, int Silo, TimeSpan Lasts);

/// <summary>Which faults happen when: a function of the seed. In a minute there is each kind at least once.</summary>
internal static class ChaosPlan
{
    /// <summary>In less there is no room for all kinds.</summary>
    public static readonly TimeSpan LengthMin = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(3);
    private static readonly FaultKind[] OfTheStorage =
        [FaultKind.AnswersLost, FaultKind.WritesLate, FaultKind.Throttled, FaultKind.Failing, FaultKind.Hanging, FaultKind.Closed];

    /// <summary>The faults in the order of their times. All are over when the length is.</summary>
    public static IReadOnlyList<Fault> Draw(TimeSpan length, int silos, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, LengthMin);
        var random = new Random(seed);
        return
        [
            .. Kills(length, silos, random).Concat(Freezes(length, silos, random)).Concat(HubKills(length, random)).Concat(Storage(length, random))
                .OrderBy(fault => fault.At),
        ];
    }

    private static IEnumerable<Fault> Kills(TimeSpan length, int silos, Random random)
    {
        for (var at = Quiet + Between(random, 0, 10); at < length - Quiet; at += Between(random, 10, 20))
            yield return new(at, FaultKind.SiloKilled, random.Next(1, silos + 1), TimeSpan.Zero);
    }

    // One silo stands still at a time. Long enough for the others to declare it dead, mostly: that takes up to six seconds.
    private static IEnumerable<Fault> Freezes(TimeSpan length, int silos, Random random)
    {
        for (var at = Quiet + Between(random, 5, 15); at < length - Quiet;)
        {
            var lasts = Earliest(random.Next(3) is 0 ? TimeSpan.FromSeconds(60) : Between(random, 4, 20), length / 3, length - at);
            yield return new(at, FaultKind.SiloFrozen, random.Next(1, silos + 1), lasts);
            at += lasts + Between(random, 10, 30);
        }
    }

    private static IEnumerable<Fault> HubKills(TimeSpan length, Random random)
    {
        for (var at = Quiet + Between(random, 15, 45); at < length - Quiet; at += Between(random, 30, 90))
            yield return new(at, FaultKind.HubKilled, 0, TimeSpan.Zero);
    }

    // All kinds, then all again in another order, and from then on with room in between for the silos to store what they hold.
    private static IEnumerable<Fault> Storage(TimeSpan length, Random random)
    {
        var (at, pause) = (Quiet, 3);
        while (true)
        {
            var kinds = OfTheStorage.ToArray();
            random.Shuffle(kinds);
            foreach (var kind in kinds)
            {
                at += Between(random, 1, pause);
                if (at >= length - Quiet) yield break;
                // Silos write when a checkpoint is due: what hits only writes needs longer to hit any.
                var lasts = Earliest(kind is FaultKind.AnswersLost or FaultKind.WritesLate ? Between(random, 4, 8) : Between(random, 2, 5), length - at);
                yield return new(at, kind, 0, lasts);
                at += lasts;
            }

            pause = 15;
        }
    }

    private static TimeSpan Between(Random random, double from, double to) => TimeSpan.FromSeconds(from + (random.NextDouble() * (to - from)));

    private static TimeSpan Earliest(params ReadOnlySpan<TimeSpan> times)
    {
        var earliest = times[0];
        foreach (var time in times) earliest = time < earliest ? time : earliest;
        return earliest;
    }
}
