using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Orleans.Counter.Http;

/// <summary>What a parameter of an address means, wherever it stands.</summary>
/// <param name="Name">As it is written.</param>
/// <param name="Text">For people who read the document.</param>
/// <param name="Schema">The rule; the code that reads the parameter keeps it.</param>
internal sealed record ParameterNote(string Name, string Text, OpenApiSchema Schema);

/// <summary>A parameter that may be left out elsewhere, and not here.</summary>
internal sealed record NeedNote(string Name);

/// <summary>A form that the body of a request may have.</summary>
/// <param name="MediaType">How the request says so.</param>
/// <param name="Component">The name of its rule; null if it has none, and stands for itself.</param>
/// <param name="Schema">Its rule.</param>
/// <param name="Example">One that is accepted.</param>
internal sealed record BodyNote(string MediaType, string? Component, OpenApiSchema Schema, JsonNode? Example);

/// <summary>The forms that a body may have.</summary>
internal sealed record BodyNotes(string Text, bool IsRequired, IReadOnlyList<BodyNote> Forms);

/// <summary>The codes of the problems that an endpoint answers, beside those that all of them have.</summary>
internal sealed record RefusalNote(IReadOnlyList<ProblemCode> Codes);

/// <summary>What a problem of this status says besides.</summary>
internal sealed record MemberNote(string Name, int Status, OpenApiSchema Schema);

/// <summary>What an answer says in a header.</summary>
internal sealed record HeaderNote(int Status, string Name, string Text);

/// <summary>What an endpoint says of itself to the document, where its signature does not: most read their bodies and parameters by hand.</summary>
internal static class EndpointNotes
{
    /// <summary>Says what the parameters mean. Those that an endpoint does not have are of no matter.</summary>
    public static TBuilder Explains<TBuilder>(this TBuilder endpoints, IEnumerable<ParameterNote> parameters)
        where TBuilder : IEndpointConventionBuilder => endpoints.WithMetadata([.. parameters]);

    /// <summary>Says which parameters may not be left out.</summary>
    public static TBuilder Needs<TBuilder>(this TBuilder endpoints, params IEnumerable<string> parameters)
        where TBuilder : IEndpointConventionBuilder => endpoints.WithMetadata([.. parameters.Select(name => new NeedNote(name))]);

    /// <summary>Says what the body may be.</summary>
    public static TBuilder Reads<TBuilder>(this TBuilder endpoints, string text, bool isRequired, params BodyNote[] forms)
        where TBuilder : IEndpointConventionBuilder => endpoints.WithMetadata(new BodyNotes(text, isRequired, forms));

    /// <summary>Says which problems may be answered.</summary>
    public static TBuilder Refuses<TBuilder>(this TBuilder endpoints, params ReadOnlySpan<string> codes)
        where TBuilder : IEndpointConventionBuilder
    {
        var notes = new List<ProblemCode>(codes.Length);
        foreach (var code in codes) notes.Add(ProblemCodes.Of(code));
        return endpoints.WithMetadata(new RefusalNote(notes));
    }

    /// <summary>Says what a header of an answer means.</summary>
    public static TBuilder Tells<TBuilder>(this TBuilder endpoints, int status, string header, string text)
        where TBuilder : IEndpointConventionBuilder => endpoints.WithMetadata(new HeaderNote(status, header, text));
}
