using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Known;

/// <summary>What an operator may change about looking known videos up: section <c>Known</c>.</summary>
internal sealed class KnownOptions
{
    public const string Section = "Known";

    /// <summary>How many known videos an instance remembers that it has found in the table. More are read less often; each takes up to 100 bytes.</summary>
    [Range(Shard.Count, 100_000_000)]
    public int VideosRemembered { get; set; } = 262_144;

    /// <summary>How many rows an instance reads at once to see whether a video is known. More hides a distant storage; fewer leave more of it to the counts.</summary>
    [Range(1, 1_000)]
    public int ReadsAtOnce { get; set; } = 64;
}

[OptionsValidator]
internal sealed partial class KnownOptionsValidator : IValidateOptions<KnownOptions>;
