using Orleans.Counter.Storage;

namespace Orleans.Counter.Streaming;

/// <summary>Which stretches together say all that was seen in one generation and the one before, up to some place in the log.</summary>
/// <param name="Generation">The generation that the log has reached there.</param>
/// <param name="Through">The place.</param>
/// <param name="Own">Covers the generation up to there, from where it begins.</param>
/// <param name="Before">Covers the whole generation before; empty if that one is.</param>
internal sealed record SightingPlan(long Generation, Position Through, IReadOnlyList<SightingStretch> Own, IReadOnlyList<SightingStretch> Before)
{
    /// <summary>The plan that reaches furthest.</summary>
    /// <param name="kept">Stretches of one partition and one era, none of which reaches further than the reader may know. They may overlap, and some may be missing.</param>
    /// <param name="oldest">A plan for a generation before this one is of no use: reading the log is shorter.</param>
    /// <param name="because">Why there is none.</param>
    public static SightingPlan? Find(IReadOnlyCollection<SightingStretch> kept, long oldest, out string because)
    {
        var generations = kept.ToLookup(stretch => stretch.Generation);
        because = "none are kept of the latest two generations";
        foreach (var number in generations.Select(generation => generation.Key).Where(number => number >= oldest).OrderDescending())
        {
            if (Covered(generations[number]) is not { } own)
            {
                because = $"nobody kept how generation {number} begins";
                continue;
            }

            if (own.Follows != number - 1) return new(number, own.Through, own.Chain, []); // Nothing was seen in the generation before.
            if (Covered(generations[number - 1]) is { } before && before.Through >= own.After) return new(number, own.Through, own.Chain, before.Chain);
            because = $"they do not cover all of generation {number - 1}";
        }

        return null;
    }

    /// <summary>As far as stretches join, from where their generation begins. Null if none of them says where that is.</summary>
    private static Cover? Covered(IEnumerable<SightingStretch> generation)
    {
        var first = generation.Where(stretch => stretch.Follows is not null).Select(stretch => (SightingStretch?)stretch).FirstOrDefault();
        if (first is not { After: var begin, Follows: var follows }) return null;
        List<SightingStretch> chain = [];
        var through = begin;
        while (generation.Where(stretch => stretch.After <= through && stretch.Through > through).OrderByDescending(stretch => stretch.Through).Cast<SightingStretch?>().FirstOrDefault() is { } next)
        {
            chain.Add(next);
            through = next.Through;
        }

        return new(begin, through, follows, chain);
    }

    private sealed record Cover(Position After, Position Through, long? Follows, IReadOnlyList<SightingStretch> Chain);
}
