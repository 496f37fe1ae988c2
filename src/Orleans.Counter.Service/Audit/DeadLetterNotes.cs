using Orleans.Counter.Http;

namespace Orleans.Counter.Audit;

/// <summary>What the document says of the parameters of dead letters.</summary>
internal static class DeadLetterNotes
{
    public static IReadOnlyList<ParameterNote> Parameters =>
    [
        new("id", "What the list calls the letter.", Schemas.Text(pattern: LetterId.Pattern)),
        new("cursor", "The member `next` of the page before, unchanged. Left out: the first page.", Schemas.Text(pattern: "^[A-Za-z0-9_-]+$")),
        new("limit", "How many letters a page has, at most.", Schemas.Whole(1, DeadLetterEndpoints.LettersMax).Otherwise(DeadLetterEndpoints.LettersDefault)),
    ];
}
