namespace Orleans.Counter.Security;

/// <summary>What every answer tells a browser, unless its endpoint has said otherwise. Set at the very end, so that an error does not lose it.</summary>
internal static class SecurityHeaders
{
    public static IApplicationBuilder UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        context.Response.OnStarting(Complete, context.Response);
        return next(context);
    });

    /// <summary>What a page of these endpoints may load and run: a policy for browsers.</summary>
    public static TBuilder MayLoad<TBuilder>(this TBuilder pages, string policy) where TBuilder : IEndpointConventionBuilder => pages.AddEndpointFilter((call, next) =>
    {
        call.HttpContext.Response.Headers.ContentSecurityPolicy = policy;
        return next(call);
    });

    private static Task Complete(object state)
    {
        var headers = ((HttpResponse)state).Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        if (headers.ContentSecurityPolicy.Count is 0) headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        if (headers.CacheControl.Count is 0) headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }
}
