using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Orleans.Counter.Security;

namespace Orleans.Counter.Http;

/// <summary>What stands before the endpoints in the document: what this is, who may call, and what every problem looks like.</summary>
internal static class DocumentIntroduction
{
    private const string Text = """
        Counts views of videos, and any other event, exactly, per minute.

        All times are RFC 3339; answers are in UTC. Bodies are strict: a member that does not exist, or that appears twice, refuses the request. A text is UTF-8, and a body is never compressed.

        Every error is `application/problem+json` with a stable `code` for machines; each code comes with one status only. Beside what each operation lists, an address that does not exist is answered 404 `not_found`,
        and another method 405 `method_not_allowed`. What is not even HTTP (a broken request line, headers beyond 16 KiB) is refused by the server itself, without a body.
        """;

    private static readonly (string Name, string Text)[] Tags =
    [
        ("Counting", "Events in."),
        ("Asking", "Counts out. After a silo died a live count may fall until the replay has caught up, never for good."),
        ("Videos", "What is known of a video."),
        ("Operating", "For whoever runs the service."),
        ("Session", "For browsers: the page at `/` sends a key once, and asks with a cookie from then on."),
        ("Health", "For platforms: neither a key nor a limit."),
    ];

    public static Task Write(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new() { Title = "Orleans.Counter", Version = "1", Description = Text, License = new() { Name = "MIT", Identifier = "MIT" } };
        document.Servers = []; // whoever reads it knows where it came from
        document.Tags = Tags.Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Text }).ToHashSet();
        foreach (var item in document.Components!.Schemas!.Keys.Where(name => name.StartsWith("SseItem", StringComparison.Ordinal)).ToList())
            document.Components.Schemas.Remove(item); // of a stream, which is a text to the document
        document.AddComponent(OperationDescription.Problem, Problem());
        foreach (var (name, scheme) in Schemes()) document.AddComponent(name, scheme);
        return Task.CompletedTask;
    }

    private static OpenApiSchema Problem() => new()
    {
        Type = JsonSchemaType.Object,
        Description = "The one form of every error (RFC 9457).",
        Required = new HashSet<string> { "title", "status", "code" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = Schemas.Text("Where the status is explained.", format: "uri"),
            ["title"] = Schemas.Text("The status in words."),
            ["status"] = Schemas.Whole(400, 599, "The HTTP status."),
            ["detail"] = Schemas.Text("For people: what is wrong, and what would be right."),
            ["code"] = Schemas.Text("Stable, and for machines."),
        },
    };

    private static IEnumerable<(string Name, OpenApiSecurityScheme Scheme)> Schemes() =>
    [
        (CallerSchemes.Key, new() { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = ApiKeyHandler.Header, Description = "A secret key `oc_<id>_<secret>` with scopes, or a publishable key `oc_pub_<id>` and the `Origin` of one of its pages. A local service (`Auth:Mode=Open`) needs none." }),
        (CallerSchemes.Bearer, new() { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A key, or a token of Entra ID whose app roles are scopes." }),
        (CallerSchemes.KeyInAddress, new() { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Query, Name = KeyInAddress.Parameter, Description = "A publishable key, for `navigator.sendBeacon`, which cannot set headers. Never a secret one." }),
        (CallerSchemes.Cookie, new() { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Cookie, Name = SessionCookie.Name, Description = "What a browser keeps after `POST /v1/session`: good for looking (`GET`), as far as its key is." }),
    ];
}
