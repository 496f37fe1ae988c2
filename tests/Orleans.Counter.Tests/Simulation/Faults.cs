namespace Orleans.Counter.Tests.Simulation;

/// <summary>How bad the world of one schedule is: drawn anew for each, so that some are nearly quiet and some fail at every step.</summary>
internal sealed record Faults
{
    public required double Refused { get; init; }

    public required double AnswerLost { get; init; }

    public required double LateEffect { get; init; }

    public required double CallLost { get; init; }

    public required double OldAddress { get; init; }

    public required double GivesUp { get; init; }

    public required double HubFails { get; init; }

    public required double Mishap { get; init; }

    public required bool IsFenced { get; init; }

    public required TimeSpan StorageDelay { get; init; }

    public required TimeSpan CallDelay { get; init; }

    public TimeSpan Late { get; } = TimeSpan.FromMinutes(4);

    public static Faults Draw(Random random)
    {
        double Rate(double most) => random.Next(3) == 0 ? 0 : most * Math.Pow(random.NextDouble(), 2);
        TimeSpan[] delays = [TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(2)];
        return new()
        {
            Refused = Rate(0.1),
            AnswerLost = Rate(0.3),
            LateEffect = Rate(0.15),
            CallLost = Rate(0.05),
            OldAddress = Rate(0.5),
            GivesUp = random.Next(4) == 0 ? 0.2 : 0,
            HubFails = Rate(0.1),
            Mishap = Rate(0.6),
            IsFenced = random.Next(3) > 0,
            StorageDelay = delays[random.Next(3)],
            CallDelay = delays[random.Next(3)],
        };
    }
}
