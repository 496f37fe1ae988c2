using System.IO.Hashing;
using Microsoft.AspNetCore.StaticFiles;
using Orleans.Counter.Security;

namespace Orleans.Counter.Page;

/// <summary>The page at <c>/</c>: a few files beside the program. It knows nothing; it asks the service as every other caller does, and is for everyone.</summary>
internal static class PageStage
{
    private const string First = "index.html";

    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    public static IEndpointRouteBuilder MapPage(this IEndpointRouteBuilder routes)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "wwwroot");
        var page = routes.MapGroup("").MayLoad(Policy).AllowAnonymous().ExcludeFromDescription();
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/');
            page.MapGet(name is First ? "/" : $"/{name}", Serve(path));
        }

        return routes;
    }

    // Browsers keep it, and ask each time whether it still stands.
    private static Func<HttpContext, IResult> Serve(string path)
    {
        var content = File.ReadAllBytes(path);
        var (tag, type) = ($"\"{XxHash3.HashToUInt64(content):x16}\"", new FileExtensionContentTypeProvider().TryGetContentType(path, out var known) ? known : null);
        return context =>
        {
            var headers = context.Response.Headers;
            (headers.CacheControl, headers.ETag) = ("no-cache", tag);
            return context.Request.Headers.IfNoneMatch == tag ? TypedResults.StatusCode(StatusCodes.Status304NotModified) : TypedResults.Bytes(content, type);
        };
    }
}
