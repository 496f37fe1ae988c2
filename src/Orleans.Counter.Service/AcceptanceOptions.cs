using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Orleans.Counter;

/// <summary>Which times an event may have. Ingest judges by its own clock, and the reader of the log once more, with some grace, by the hub's.</summary>
internal sealed class AcceptanceOptions
{
    public const string Section = "Acceptance";

    /// <summary>How far ahead a client's clock may be. Part of the public contract, so not an option.</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);

    /// <summary>How old an event may be. Longer accepts later phones; days are finished, and may leave the table, that much later.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "30.00:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromDays(7);

    /// <summary>From here on a day is old: no event of it is accepted any more, and what changes it otherwise sets it whole. The hour is for clocks that differ.</summary>
    public DateTimeOffset OldFrom(DateOnly day) => NotAcceptedFrom(day).AddHours(1);

    /// <summary>After this moment nothing that takes a day for young may begin to reach its rows, however long the storage was away: what is under way then has half a day left.</summary>
    public DateTimeOffset YoungUntil(DateOnly day) => NotAcceptedFrom(day).AddHours(12);

    /// <summary>From here on a day may be sealed and archived, if every partition has passed it.</summary>
    public DateTimeOffset SealedFrom(DateOnly day) => NotAcceptedFrom(day).AddDays(1);

    private DateTimeOffset NotAcceptedFrom(DateOnly day) => new DateTimeOffset(day.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero) + Window;
}

[OptionsValidator]
internal sealed partial class AcceptanceOptionsValidator : IValidateOptions<AcceptanceOptions>;

internal static class Acceptance
{
    /// <summary>What both ends of the log judge by.</summary>
    public static IHostApplicationBuilder AddAcceptance(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<AcceptanceOptions>().BindConfiguration(AcceptanceOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<AcceptanceOptions>, AcceptanceOptionsValidator>();
        return builder;
    }
}
