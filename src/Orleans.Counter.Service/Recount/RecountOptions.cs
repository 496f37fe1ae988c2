using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Recount;

/// <summary>How recounts work.</summary>
internal sealed class RecountOptions
{
    public const string Section = "Recount";

    /// <summary>How many of them a silo works on at once. Each reads days of a partition: more are done earlier, and take more of the silo from those who count.</summary>
    [Range(1, 4)]
    public int AtOnce { get; set; } = 1;
}

[OptionsValidator]
internal sealed partial class RecountOptionsValidator : IValidateOptions<RecountOptions>;
