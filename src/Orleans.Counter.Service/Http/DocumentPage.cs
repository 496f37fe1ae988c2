using Orleans.Counter.Security;
using Scalar.AspNetCore;

namespace Orleans.Counter.Http;

/// <summary>The document as a page to read and to try: <c>/scalar</c>, only in development.</summary>
internal static class DocumentPage
{
    // The page has scripts and styles of its own, in its text and beside it, and asks this service only. It would load fonts from elsewhere, and is told not to.
    private const string Policy =
        "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    public static void Serve(IEndpointRouteBuilder routes) => routes
        .MapScalarApiReference("/scalar", page =>
        {
            page.Title = "Orleans.Counter";
            page.OpenApiRoutePattern = ApiDocument.Address;
            page.DefaultFonts = false;
            page.Telemetry = false;
            page.ShowDeveloperTools = DeveloperToolsVisibility.Never; // They, and the next two, lead to services of others.
            page.HideClientButton = true;
            page.DisableAgent();
        })
        .AllowAnonymous()
        .MayLoad(Policy);
}
