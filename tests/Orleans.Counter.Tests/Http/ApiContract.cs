using System.Text.Json.Nodes;

namespace Orleans.Counter.Tests.Http;

/// <summary>An endpoint, as the document has it.</summary>
/// <param name="Method">In capitals.</param>
/// <param name="Path">With its parameters in braces.</param>
/// <param name="Description">Everything that the document says of it.</param>
internal sealed record Operation(string Method, string Path, JsonObject Description)
{
    public string Id => (string)Description["operationId"]!;

    public IReadOnlyList<string> Segments { get; } = Path.Split('/');

    public override string ToString() => $"{Method} {Path}";
}

/// <summary>What came back, as far as the document has a say in it.</summary>
internal sealed record Given(int Status, string? MediaType, JsonNode? Body, Func<string, bool> HasHeader);

/// <summary>The document as it is committed, and whether an answer keeps to it. Every test that reads an <see cref="Ingest.Answer"/> asks.</summary>
internal static class ApiContract
{
    // What is answered before an endpoint is known, or for one that there is not.
    private static readonly string[] Anywhere = ["unauthenticated", "forbidden", "not_found", "method_not_allowed", "rate_limited", "keys_unavailable", "internal_error"];

    public static JsonObject Document { get; } = JsonNode.Parse(Repository.Read("docs", "openapi", "v1.json"))!.AsObject();

    public static JsonSchema Schema { get; } = new(Document);

    public static IReadOnlyList<Operation> Operations { get; } =
    [
        .. Document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => new Operation(operation.Key.ToUpperInvariant(), path.Key, operation.Value!.AsObject()))),
    ];

    /// <summary>The endpoint of an address; null if there is none.</summary>
    /// <param name="method">In any case.</param>
    /// <param name="target">As it stands in the request, with or without a query.</param>
    public static Operation? Find(string method, string target)
    {
        var segments = Segments(target);
        return Operations.FirstOrDefault(operation => operation.Method.Equals(method, StringComparison.OrdinalIgnoreCase) && operation.Segments.Count == segments.Length && operation.Segments.Zip(segments).All(Fits));

        static bool Fits((string Template, string Given) segment) =>
            segment.Template.StartsWith('{') ? segment.Given.Length > 0 : segment.Template.Equals(segment.Given, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The answers of an endpoint, by status.</summary>
    public static IEnumerable<(int Status, JsonObject Answer)> AnswersOf(Operation operation) =>
        operation.Description["responses"]!.AsObject().Select(answer => (int.Parse(answer.Key, System.Globalization.CultureInfo.InvariantCulture), Schema.Resolve(answer.Value!)));

    /// <summary>The codes that an endpoint may answer, with their statuses.</summary>
    public static IEnumerable<(int Status, string Code)> CodesOf(Operation operation) =>
        from answer in AnswersOf(operation)
        where answer.Answer["content"]?["application/problem+json"] is not null
        from code in answer.Answer["content"]!["application/problem+json"]!["schema"]!["allOf"]![1]!["properties"]!["code"]!["enum"]!.AsArray()
        select (answer.Status, (string)code!);

    /// <summary>What an answer does that the document does not say; null if it keeps to it.</summary>
    public static string? Fault(string method, string target, Given given)
    {
        var isProblem = given.Status >= 400 && given.MediaType is "application/problem+json";
        if (Find(method, target) is not { } operation)
            return given.Status < 400 ? "nothing at this address may be answered" : !isProblem ? "the error is no problem" : Anywhere.Contains((string?)given.Body?["code"]) ? null : $"'{given.Body?["code"]}' is for an endpoint, and there is none";
        var answer = AnswersOf(operation).FirstOrDefault(answer => answer.Status == given.Status).Answer;
        if (answer is null) return $"{operation} does not say that it answers {given.Status} ({given.Body?["code"]})";
        // An entity tag is there if the days of the range are archived.
        foreach (var (header, _) in answer["headers"]?.AsObject() ?? []) if (header is not "ETag" && !given.HasHeader(header)) return $"{operation} says that {given.Status} has the header {header}";
        if (answer["content"] is not JsonObject content) return given.MediaType is null ? null : $"{operation} says that {given.Status} has no body";
        if (given.MediaType is null || content[given.MediaType] is not { } form) return $"{operation} does not say that {given.Status} may be {given.MediaType}";
        return given.MediaType is "text/event-stream" ? null : Schema.Fault(given.Body, form["schema"]!) is { } fault ? $"{operation}, {given.Status}: {fault}" : null;
    }

    // As the server reads it: decoded, but for a slash, without dots that lead elsewhere, and without an empty last one.
    private static string[] Segments(string target)
    {
        if (target.StartsWith("http://", StringComparison.OrdinalIgnoreCase)) target = target.IndexOf('/', "http://".Length) is >= 0 and var begin ? target[begin..] : "/"; // as proxies are asked
        var path = target.AsSpan(0, target.IndexOfAny(['?', '#']) is >= 0 and var end ? end : target.Length);
        if (path.Length > 1 && path[^1] is '/') path = path[..^1];
        var segments = new List<string>();
        foreach (var segment in path.ToString().Split('/').Select(segment => Uri.UnescapeDataString(segment.Replace("%2F", "%252F", StringComparison.OrdinalIgnoreCase))))
        {
            if (segment is ".." && segments.Count > 1) segments.RemoveAt(segments.Count - 1);
            else if (segment is not ("." or "..")) segments.Add(segment);
        }

        return [.. segments];
    }
}
