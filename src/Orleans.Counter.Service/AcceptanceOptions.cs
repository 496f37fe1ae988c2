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
