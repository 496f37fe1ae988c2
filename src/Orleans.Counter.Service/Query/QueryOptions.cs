using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Query;

/// <summary>How questions are answered: section <c>Query</c>.</summary>
internal sealed class QueryOptions
{
    public const string Section = "Query";

    /// <summary>How much of what was read about archived days an instance keeps in memory. More saves reads when the same history is asked for again; a year by day takes 20 KB.</summary>
    [Range(0, 65_536)]
    public int CacheMegabytes { get; set; } = 64;
}

[OptionsValidator]
internal sealed partial class QueryOptionsValidator : IValidateOptions<QueryOptions>;
