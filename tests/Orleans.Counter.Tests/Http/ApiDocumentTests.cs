using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Counter.Http;
using Orleans.Counter.Ingest;
using Xunit;

namespace Orleans.Counter.Tests.Http;

/// <summary>The OpenAPI document: that it is the one in the repository, that nothing is missing in it, and that what it gives as examples works.</summary>
public sealed class ApiDocumentTests(RunningService running) : IClassFixture<RunningService>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> Operations => [.. ApiContract.Operations.Select(operation => operation.ToString())];

    [Fact]
    public async Task The_committed_document_is_what_the_service_says()
    {
        var said = await running.Service.Http.GetFromJsonAsync<JsonObject>(ApiDocument.Address, Stop);

        Assert.True(JsonNode.DeepEquals(said, ApiContract.Document), "docs/openapi/v1.json is not what the code says. Review the difference and commit it: cp artifacts/openapi/v1.json docs/openapi/v1.json");
        Assert.StartsWith("3.1.", (string?)said!["openapi"], StringComparison.Ordinal);
        Assert.Null(said["servers"]); // What stands there would come from the header Host.
    }

    [Fact]
    public void Every_endpoint_is_in_the_document_but_for_what_is_there_to_be_looked_at()
    {
        var mapped = running.Service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToLookup(
            endpoint => endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is null,
            endpoint => $"{endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods.Single()} /{endpoint.RoutePattern.RawText!.Trim('/')}");

        Assert.DoesNotContain(mapped[false], page => page.Contains("/v1", StringComparison.Ordinal));
        Assert.Equal(mapped[true].Order(StringComparer.Ordinal), ApiContract.Operations.Select(operation => operation.ToString()).Order(StringComparer.Ordinal));
        Assert.Distinct(ApiContract.Operations.Select(operation => operation.Id));
    }

    [Theory, MemberData(nameof(Operations))]
    public void It_says_what_an_endpoint_is_for_what_it_takes_and_what_it_answers(string name)
    {
        var operation = Of(name);
        Assert.NotEmpty((string)operation.Description["summary"]!);
        Assert.Contains((string)operation.Description["tags"]!.AsArray().Single()!, ApiContract.Document["tags"]!.AsArray().Select(tag => (string)tag!["name"]!));

        foreach (var parameter in operation.Description["parameters"]?.AsArray() ?? [])
        {
            var schema = parameter!["schema"]!.AsObject();
            Assert.NotEmpty((string)parameter["description"]!);
            Assert.True((string?)schema["type"] is "boolean" or "array" || schema.Any(word => word.Key is "pattern" or "enum" or "format" && word.Value is not null), $"{parameter["name"]} has no rule.");
            var isNeeded = (string?)parameter["in"] is "path" || (operation.Path.EndsWith("/series", StringComparison.Ordinal) && (string?)parameter["name"] is "from" or "to");
            Assert.Equal((parameter["name"]!.ToString(), isNeeded), (parameter["name"]!.ToString(), (bool?)parameter["required"] ?? false));
        }

        foreach (var (status, answer) in ApiContract.AnswersOf(operation))
        {
            Assert.NotEmpty((string)answer["description"]!);
            Assert.Equal(status is not (204 or 304), answer["content"] is not null);
            if (status >= 400 && operation.Id is not ("GetReady" or "GetStartup")) Assert.Equal("application/problem+json", answer["content"]!.AsObject().Single().Key);
            foreach (var (form, content) in answer["content"]?.AsObject() ?? []) Assert.True(content!["schema"] is not null, $"{status} as {form} has no schema");
        }

        Assert.All(ApiContract.CodesOf(operation), one => Assert.Equal(one.Status, ProblemCodes.Of(one.Code).Status));
    }

    [Theory, MemberData(nameof(Operations))]
    public void It_says_who_may_call(string name)
    {
        var operation = Of(name);
        var ways = operation.Description["security"]?.AsArray().Select(way => way!.AsObject().Single()).ToList() ?? [];
        if (operation.Path.StartsWith("/health/", StringComparison.Ordinal) || operation.Path is ApiDocument.Address || operation.Id is "EndSession") Assert.Empty(ways);
        else
        {
            Assert.Equal(operation.Id is "RecordEvents" or "RecordView" ? ["key", "bearer", "keyInAddress"] : operation.Method is "GET" ? ["key", "bearer", "cookie"] : ["key", "bearer"], ways.Select(way => way.Key));
            Assert.Single(ways.Select(way => (string)way.Value!.AsArray().Single()!).Distinct());
            Assert.Superset(new HashSet<string> { "unauthenticated", "forbidden", "rate_limited" }, ApiContract.CodesOf(operation).Select(one => one.Code).ToHashSet());
        }

        Assert.Subset(ApiContract.Document["components"]!["securitySchemes"]!.AsObject().Select(scheme => scheme.Key).ToHashSet(), ways.Select(way => way.Key).ToHashSet());
    }

    [Fact]
    public void Every_reference_in_it_leads_somewhere_and_every_schema_is_referred_to()
    {
        var references = References(ApiContract.Document).Distinct().ToList();
        foreach (var reference in references) ApiContract.Schema.Resolve(new JsonObject { ["$ref"] = reference });
        Assert.Equal([], ApiContract.Document["components"]!["schemas"]!.AsObject().Select(schema => $"#/components/schemas/{schema.Key}").Except([.. references, "#/components/schemas/CountAnswer"]));

        static IEnumerable<string> References(JsonNode? node) => node switch
        {
            JsonObject one => one.SelectMany(member => member is { Key: "$ref", Value: JsonValue reference } ? [(string)reference!] : References(member.Value)),
            JsonArray many => many.SelectMany(References),
            _ => [],
        };
    }

    [Fact]
    public void Every_code_is_in_it_with_what_it_means()
    {
        var text = ApiContract.Document.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        Assert.All(ProblemCodes.All.Keys, code => Assert.Contains($"`{code}`", text, StringComparison.Ordinal));
        Assert.Equal(EventRules.Codes, ApiContract.Document["components"]!["schemas"]!["Rejection"]!["properties"]!["code"]!["enum"]!.AsArray().Select(code => (string)code!));
    }

    [Theory, InlineData("videoId", "kittens_-1", true), InlineData("videoId", "a b", false), InlineData("videoId", "", false), InlineData("type", "watch_seconds", true), InlineData("type", "View", false), InlineData("id", "tab\there", false), InlineData("id", "~ any", true)]
    public void Its_patterns_are_the_rules(string member, string text, bool isValid)
    {
        var rule = ApiContract.Document["components"]!["schemas"]!["Event"]!["properties"]![member]!;
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        Assert.Equal(isValid, ApiContract.Schema.Fault(text, rule) is null);
        Assert.Equal(isValid, member switch { "videoId" => VideoId.IsValid(bytes), "type" => EventType.IsValid(bytes), _ => IdHash.IsValid(bytes) });
    }

    [Theory, MemberData(nameof(Operations))]
    public async Task Its_examples_keep_its_own_rules_and_are_taken(string name)
    {
        var operation = Of(name);
        foreach (var (mediaType, form) in operation.Description["requestBody"]?["content"]?.AsObject() ?? [])
        {
            if (form!["example"] is not { } example) continue;
            Assert.Null(ApiContract.Schema.Fault(example, form["schema"]!));
            if (operation.Id is "Correct") continue; // Its minute is empty, and may be in the future.
            Assert.InRange((int)(await running.Service.Send(operation.Method, operation.Path.Replace("{videoId}", "kittens", StringComparison.Ordinal), example.ToJsonString(), mediaType)).Status, 200, 299);
        }
    }

    [Fact]
    public async Task Anyone_may_read_it_but_not_as_often_as_he_likes()
    {
        await using var service = await WholeService.Start(("Auth:Mode", "ApiKey"), ("Limits:AddressRequestsPerSecond", "1"));
        for (var i = 0; i < 5; i++) Assert.Equal(HttpStatusCode.OK, (await service.Ask("GET", ApiDocument.Address)).Status);

        var refused = await service.Ask("GET", ApiDocument.Address);
        while (refused.Status is HttpStatusCode.OK) refused = await service.Ask("GET", ApiDocument.Address); // a slow machine earns new ones meanwhile
        refused.IsProblem(HttpStatusCode.TooManyRequests, "rate_limited");
    }

    [Fact]
    public async Task The_page_to_read_it_is_there_in_development_only_and_may_run_its_own_scripts_there()
    {
        await using var development = await WholeService.Start(("environment", "Development"));
        using var page = await development.Send("GET", "/scalar");
        var text = await page.Content.ReadAsStringAsync(Stop);
        using var script = await development.Send("GET", "/scalar/scalar.js");
        using var other = await development.Send("GET", "/v1/videos/kittens/count");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (page.StatusCode, script.StatusCode));
        Assert.Contains(ApiDocument.Address.TrimStart('/'), text, StringComparison.Ordinal);
        Assert.Contains("script-src 'self'", string.Join(' ', page.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Equal("default-src 'none'; frame-ancestors 'none'", string.Join(' ', other.Headers.GetValues("Content-Security-Policy")));
        (await running.Service.Ask("GET", "/scalar")).IsProblem(HttpStatusCode.NotFound, "not_found");
    }

    private static Operation Of(string name) => ApiContract.Operations.Single(operation => operation.ToString() == name);
}
