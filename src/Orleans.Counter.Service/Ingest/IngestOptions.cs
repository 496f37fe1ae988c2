using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Ingest;

/// <summary>What an operator may change about the way in: section <c>Ingest</c>.</summary>
internal sealed class IngestOptions : IValidatableObject
{
    /// <summary>How long an event may wait for company while frames of its partition are in flight. Longer makes fewer and larger messages, and slower answers.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:01")]
    public TimeSpan Linger { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>The size of a frame in bytes. The default passes every tier of Event Hubs (Basic takes 262,144 with properties).</summary>
    [Range(4_096, 1_000_000)]
    public int FrameBytesMax { get; set; } = 250_000;

    /// <summary>How many frames of a partition may be unanswered at once. More hide a slow hub; fewer share messages better.</summary>
    [Range(1, FrameNumbers.Window)]
    public int FramesInFlight { get; set; } = 4;

    /// <summary>
    /// How long a frame is tried, from its first event on; then its requests are answered 503. Longer rides out longer failovers of the hub, and lets
    /// callers wait.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:02:00")]
    public TimeSpan SendBudget { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>How many bytes of closed frames may wait for the hub in this process; beyond, requests are answered 503 at once. More rides out longer stalls.</summary>
    [Range(1_000_000, 2_000_000_000)]
    public int WaitingBytesMax { get; set; } = 64_000_000;

    /// <summary>The types that are counted; any if none is named. Naming them keeps a caller from filling videos with types of his own.</summary>
    public string[] Types { get; set; } = [];

    /// <summary>True: events of videos that nobody has registered, and that were never counted, are rejected. Keeps a caller from filling the tables with videos that do not exist.</summary>
    public bool KnownVideosOnly { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => Types
        .Where(type => !EventType.TryParse(type, out _))
        .Select(type => new ValidationResult($"Ingest:Types has '{type}'; a type is: {EventType.Rule}."));
}

[OptionsValidator]
internal sealed partial class IngestOptionsValidator : IValidateOptions<IngestOptions>;
