using System.ComponentModel.DataAnnotations;

namespace Orleans.Counter;

/// <summary>What time it is for this process: section <c>Clock</c>.</summary>
internal sealed class ClockSettings
{
    /// <summary>
    /// How far this process is ahead of the clock of its machine; negative: behind it. For tests of silos whose clocks differ: nobody needs it in
    /// production, and an event without a timestamp gets a wrong one there.
    /// </summary>
    [Range(typeof(TimeSpan), "-00:10:00", "00:10:00")]
    public TimeSpan Ahead { get; set; }
}

/// <summary>The clock of the whole process, Orleans included. Timers and stretches of time are those of the machine.</summary>
internal sealed class Clock(TimeSpan ahead) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;
}

internal static class ClockOfTheProcess
{
    /// <summary>Before everything else: who adds a clock after this finds that there is one.</summary>
    public static IHostApplicationBuilder AddClock(this IHostApplicationBuilder builder)
    {
        var settings = builder.Configuration.GetSection("Clock").Get<ClockSettings>() ?? new();
        Validator.ValidateObject(settings, new(settings), validateAllProperties: true);
        builder.Services.AddSingleton(settings.Ahead == TimeSpan.Zero ? TimeProvider.System : new Clock(settings.Ahead));
        return builder;
    }
}
