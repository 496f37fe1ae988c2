using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Orleans.Counter;

/// <summary>Which times an event may have. Ingest judges by its own clock, and the reader of the log once more by the hub's.</summary>
internal sealed class AcceptanceOptions
{
    public const string Section = "Acceptance";

    /// <summary>How old an event may be. Longer accepts later phones; days are finished, and may leave the table, that much later.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "30.00:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How far ahead of us a client's clock may be.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan Ahead { get; set; } = TimeSpan.FromMinutes(5);
}

[OptionsValidator]
internal sealed partial class AcceptanceOptionsValidator : IValidateOptions<AcceptanceOptions>;
