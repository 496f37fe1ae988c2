using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Rollup;

/// <summary>How rollup treats finished days, and how long they stay in the table.</summary>
internal sealed class RollupOptions
{
    public const string Section = "Rollup";

    /// <summary>A day is archived two days after its last event may come, or a little later: it has to be long done when its rows go.</summary>
    public static readonly TimeSpan HotBeyondWindow = TimeSpan.FromDays(3);

    /// <summary>How long the minutes of a day stay in the table, from its end on. Longer answers more questions by minute quickly, and costs storage: a hot minute takes more bytes than a cold one.</summary>
    [Range(typeof(TimeSpan), "4.00:00:00", "3650.00:00:00")]
    public TimeSpan HotRetention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>When a segment goes to a tier that is cheaper to store in and dearer to read from, counted from the end of its day; never if not set.</summary>
    [Range(typeof(TimeSpan), "30.00:00:00", "36500.00:00:00")]
    public TimeSpan? ColdAfter { get; set; }

    /// <summary>Which tier.</summary>
    public SegmentTier ColdTier { get; set; } = SegmentTier.Cold;

    /// <summary>How often each group looks whether there is something to do. More often, a day is archived earlier; every time costs some reads of each of the group's shards.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan Every { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How many groups a silo works on at the same time. More is quicker after an outage, and takes more memory: the packed minutes of a day of each group, and those of a shard unpacked.</summary>
    [Range(1, Group.Count)]
    public int GroupsAtOnce { get; set; } = 2;
}

[OptionsValidator]
internal sealed partial class RollupOptionsValidator : IValidateOptions<RollupOptions>;

/// <summary>Retention and acceptance know nothing of each other, but a day must be archived before it may leave the table.</summary>
internal sealed class RollupFitsAcceptance(IOptions<AcceptanceOptions> acceptance) : IValidateOptions<RollupOptions>
{
    public ValidateOptionsResult Validate(string? name, RollupOptions options)
    {
        var least = acceptance.Value.Window + RollupOptions.HotBeyondWindow;
        return options.HotRetention >= least ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"Rollup:HotRetention is {options.HotRetention:c}; with an Acceptance:Window of {acceptance.Value.Window:c} it is at least {least:c}: a day is archived before its rows are deleted.");
    }
}
