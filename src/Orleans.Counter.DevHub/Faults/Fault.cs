namespace Orleans.Counter.Dev.Faults;

/// <summary>What goes wrong.</summary>
public enum FaultKind
{
    /// <summary>The answer to a message, or the next event, comes <see cref="Fault.Duration"/> later.</summary>
    Delay,

    /// <summary>A message or a link is refused with <c>com.microsoft:server-busy</c>.</summary>
    Throttle,

    /// <summary>A message or a link is refused, as <see cref="Fault.Condition"/> says.</summary>
    Refuse,

    /// <summary>The link is closed, as the service closes idle ones. A message that came is not stored, and not answered.</summary>
    Detach,

    /// <summary>The connection is closed, as the service closes idle ones. A message that came is not stored, and not answered.</summary>
    Close,

    /// <summary>The connection is cut without a word. A message that came is stored, and its answer is lost.</summary>
    Drop,
}

/// <summary>When it goes wrong.</summary>
public enum FaultMoment
{
    /// <summary>A link is opened.</summary>
    Attach,

    /// <summary>A message came.</summary>
    Send,

    /// <summary>An event is about to go to a reader.</summary>
    Receive,

    /// <summary>The properties of a hub or partition are asked for.</summary>
    Read,

    /// <summary>Once, when the fault is added, to every link that is open.</summary>
    Now,
}

/// <summary>Something that goes wrong on purpose, as it does in the service.</summary>
public sealed record Fault
{
    /// <summary>What goes wrong.</summary>
    public required FaultKind Kind { get; init; }

    /// <summary>When; null: whenever this kind can, except <see cref="FaultMoment.Now"/>.</summary>
    public FaultMoment? At { get; init; }

    /// <summary>The hub; null: all of them.</summary>
    public string? Hub { get; init; }

    /// <summary>The partition; null: all of them, and links to the hub as a whole.</summary>
    public int? Partition { get; init; }

    /// <summary>How likely it is each time, above 0 and at most 1.</summary>
    public double Probability { get; init; } = 1;

    /// <summary>The same seed makes the same choices for the same sequence of moments.</summary>
    public int Seed { get; init; }

    /// <summary>It goes wrong so many times and then no more; null: until it is removed.</summary>
    public int? Times { get; init; }

    /// <summary>For <see cref="FaultKind.Delay"/>: how long.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The AMQP name of the error, like <c>amqp:link:stolen</c>; null: what the service says in such a case.</summary>
    public string? Condition { get; init; }

    /// <summary>The error's text; null: the service's.</summary>
    public string? Description { get; init; }

    /// <exception cref="ArgumentException">It could never go wrong that way.</exception>
    internal void Check()
    {
        if (!Enum.IsDefined(Kind) || (At is { } at && !Can(at)))
            throw new ArgumentException($"A fault of kind {Kind} cannot happen at {At}.");
        if (Probability is not (> 0 and <= 1))
            throw new ArgumentException($"The probability {Probability} is not above 0 and at most 1.");
        if (Times < 1)
            throw new ArgumentException($"A fault cannot happen {Times} times.");
        if (Kind is FaultKind.Delay ? Duration <= TimeSpan.Zero || Duration > TimeSpan.FromHours(1) : Duration != TimeSpan.Zero)
            throw new ArgumentException("A delay, and nothing else, has a duration: up to an hour.");
        if (Kind is FaultKind.Delay or FaultKind.Drop && (Condition ?? Description) is not null)
            throw new ArgumentException($"A fault of kind {Kind} says nothing to the client.");
    }

    internal bool Matches(FaultMoment moment, string hub, int? partition) =>
        (At is null ? moment != FaultMoment.Now && Can(moment) : At == moment)
        && (Hub is null || Hub.Equals(hub, StringComparison.OrdinalIgnoreCase))
        && (Partition is null || Partition == partition);

    private bool Can(FaultMoment moment) => Kind switch
    {
        FaultKind.Delay => moment is FaultMoment.Send or FaultMoment.Receive,
        FaultKind.Throttle or FaultKind.Refuse => moment is FaultMoment.Attach or FaultMoment.Send or FaultMoment.Read,
        _ => moment is FaultMoment.Send or FaultMoment.Receive or FaultMoment.Now,
    };
}

/// <summary>A fault that was added, and what became of it.</summary>
/// <param name="Id">What it is removed by.</param>
/// <param name="Fault">What was added.</param>
/// <param name="Struck">How often it happened.</param>
public sealed record FaultStatus(int Id, Fault Fault, int Struck);
