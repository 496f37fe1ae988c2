using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.OpenApi;
using Orleans.Counter.Security;

namespace Orleans.Counter.Http;

/// <summary>Completes what the document says of an endpoint: with its notes, and with what the door before it may answer.</summary>
internal static class OperationDescription
{
    /// <summary>The name of the schema that all problems share.</summary>
    public const string Problem = "Problem";

    private const string ProblemMediaType = "application/problem+json";

    public static Task Complete(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var notes = context.Description.ActionDescriptor.EndpointMetadata;
        var scope = notes.OfType<IAllowAnonymous>().Any() ? null : notes.OfType<IAuthorizeData>().LastOrDefault()?.Policy;
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? []) Explain(parameter, notes);
        if (notes.OfType<BodyNotes>().LastOrDefault() is { } body) operation.RequestBody = Body(body, context.Document!);
        foreach (var answer in operation.Responses!.Values.OfType<OpenApiResponse>()) Explain(answer);
        foreach (var codes in Codes(notes, scope).Distinct().GroupBy(code => code.Status).OrderBy(codes => codes.Key))
            operation.Responses[$"{codes.Key}"] = Refusal([.. codes], [.. notes.OfType<MemberNote>().Where(member => member.Status == codes.Key)], context.Document!);
        foreach (var header in notes.OfType<HeaderNote>())
            if (operation.Responses[$"{header.Status}"] is OpenApiResponse answer) Tell(answer, header.Name, header.Text, Schemas.Text());
        if (scope is not null) operation.Security = [.. CallerSchemes.For(scope, context.Description.HttpMethod).Select(scheme => new OpenApiSecurityRequirement { [new(scheme, context.Document)] = [scope] })];
        return Task.CompletedTask;
    }

    private static void Explain(OpenApiParameter parameter, IList<object> notes)
    {
        parameter.Required |= notes.OfType<NeedNote>().Any(need => need.Name == parameter.Name);
        if (notes.OfType<ParameterNote>().LastOrDefault(note => note.Name == parameter.Name) is not { } note) return;
        (parameter.Description, parameter.Schema) = (note.Text, note.Schema);
        if (note.Schema.Type is JsonSchemaType.Array) (parameter.Style, parameter.Explode) = (ParameterStyle.Form, false); // a,b,c
    }

    // A type says what it is for; the name of its status says nothing.
    private static void Explain(OpenApiResponse answer)
    {
        foreach (var content in answer.Content?.Values ?? []) answer.Description = content.Schema?.Description ?? answer.Description;
    }

    private static OpenApiRequestBody Body(BodyNotes body, OpenApiDocument document)
    {
        foreach (var form in body.Forms) if (form.Component is { } name) document.AddComponent(name, form.Schema);
        return new()
        {
            Description = body.Text,
            Required = body.IsRequired,
            Content = body.Forms.ToDictionary(form => form.MediaType, form => new OpenApiMediaType
            {
                Schema = form.Component is { } name ? new OpenApiSchemaReference(name, document) : form.Schema,
                Example = form.Example,
            }),
        };
    }

    private static IEnumerable<ProblemCode> Codes(IList<object> notes, string? scope)
    {
        foreach (var code in notes.OfType<RefusalNote>().SelectMany(note => note.Codes)) yield return code;
        if (scope is not null)
            foreach (var code in (string[])["unauthenticated", "forbidden", "keys_unavailable"]) yield return ProblemCodes.Of(code);
        if (notes.OfType<DisableRateLimitingAttribute>().Any()) yield break; // for platforms, and without anything behind it
        yield return ProblemCodes.Of("rate_limited");
        yield return ProblemCodes.Of("internal_error");
        if (!notes.OfType<DisableRequestTimeoutAttribute>().Any()) yield return ProblemCodes.Of("timeout");
    }

    // What is answered in many places alike stands in the document once.
    private static IOpenApiResponse Refusal(IReadOnlyList<ProblemCode> codes, IReadOnlyList<MemberNote> members, OpenApiDocument document)
    {
        if (codes.Count > 1 || members.Count > 0) return NewRefusal(codes, members, document);
        document.AddComponent(codes[0].Code, NewRefusal(codes, members, document));
        return new OpenApiResponseReference(codes[0].Code, document);
    }

    private static OpenApiResponse NewRefusal(IReadOnlyList<ProblemCode> codes, IReadOnlyList<MemberNote> members, OpenApiDocument document)
    {
        var own = new OpenApiSchema { Properties = new Dictionary<string, IOpenApiSchema> { ["code"] = Schemas.OneOf(codes.Select(code => code.Code)) } };
        foreach (var member in members) own.Properties[member.Name] = member.Schema;
        var answer = new OpenApiResponse
        {
            Description = string.Join("\n\n", codes.Select(code => $"`{code.Code}`: {code.Meaning}")),
            Content = new Dictionary<string, OpenApiMediaType> { [ProblemMediaType] = new() { Schema = new OpenApiSchema { AllOf = [new OpenApiSchemaReference(Problem, document), own] } } },
        };
        if (codes[0].Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
            Tell(answer, "Retry-After", "After how many seconds it is worth to come back.", Schemas.Whole(1, 3600));
        if (codes[0].Status is StatusCodes.Status401Unauthorized) Tell(answer, "WWW-Authenticate", "How a caller may say who it is.", Schemas.Text());
        return answer;
    }

    private static void Tell(OpenApiResponse answer, string header, string text, OpenApiSchema schema)
    {
        answer.Headers ??= new Dictionary<string, IOpenApiHeader>();
        answer.Headers[header] = new OpenApiHeader { Description = text, Schema = schema };
    }
}
