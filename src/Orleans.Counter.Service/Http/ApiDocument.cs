using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.OpenApi;

namespace Orleans.Counter.Http;

/// <summary>Everything that can be asked and answered here, in OpenAPI 3.1: at <c>/openapi/v1.json</c>, and written down by every build.</summary>
internal static class ApiDocument
{
    public const string Name = "v1";

    /// <summary>Where it is answered.</summary>
    public const string Address = $"/openapi/{Name}.json";

    // The build starts this program to ask it for the document.
    private static bool IsBeingWritten => Assembly.GetEntryAssembly()?.GetName().Name is "GetDocument.Insider";

    /// <summary>The arguments of the program. While the document is being written, they name a hub and a storage, which nobody asks.</summary>
    public static string[] Args(string[] args) => IsBeingWritten
        ? [.. args, "--EventHubs:FullyQualifiedNamespace=nowhere.invalid", "--EventHubs:Name=none", "--Storage:ConnectionString=UseDevelopmentStorage=true"]
        : args;

    /// <summary>After everything else: while the document is being written, nothing of it is started.</summary>
    public static IHostApplicationBuilder AddApiDocument(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOpenApi(Name, document =>
        {
            document.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            document.AddSchemaTransformer(StaysOpen);
            document.AddOperationTransformer(OperationDescription.Complete);
            document.AddDocumentTransformer(DocumentIntroduction.Write);
        });
        builder.Services.AddSingleton<ApiDocumentText>();
        if (IsBeingWritten) builder.Services.RemoveAll<IHostedService>();
        return builder;
    }

    // Bodies are described by hand. What is made from a type of ours is an answer, and a later version may say more.
    private static Task StaysOpen(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        schema.AdditionalPropertiesAllowed = true;
        return Task.CompletedTask;
    }

    public static IEndpointRouteBuilder MapApiDocument(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Address, Get).WithName("GetDocument").WithTags("Operating").AllowAnonymous().Produces<JsonObject>(contentType: MediaType.Json);
        if (routes.ServiceProvider.GetRequiredService<IHostEnvironment>().IsDevelopment()) DocumentPage.Serve(routes);
        return routes;
    }

    /// <summary>This document.</summary>
    internal static async Task<Utf8ContentHttpResult> Get(ApiDocumentText document) => TypedResults.Text(await document.Text, "application/json; charset=utf-8");
}

/// <summary>The document, made at the first question. It is the same for all: nobody can make the service do it again.</summary>
internal sealed class ApiDocumentText([FromKeyedServices(ApiDocument.Name)] IOpenApiDocumentProvider document)
{
    private readonly Lazy<Task<byte[]>> _text = new(() => Write(document));

    public Task<byte[]> Text => _text.Value;

    private static async Task<byte[]> Write(IOpenApiDocumentProvider document) =>
        Encoding.UTF8.GetBytes(await (await document.GetOpenApiDocumentAsync()).SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1));
}
