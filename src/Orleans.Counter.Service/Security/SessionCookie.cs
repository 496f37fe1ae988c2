namespace Orleans.Counter.Security;

/// <summary>The key of somebody who looks with a browser. It stands nowhere else: no script reads it, no other site has it sent, and it ends with the browser.</summary>
/// <remarks>
/// The key itself, and not a ticket that stands for it: a ticket needs a secret that all instances share, and whoever reads that could make himself one. So here, too, a key that is revoked is refused
/// everywhere within 30 seconds, and nothing in the storage opens anything.
/// </remarks>
internal static class SessionCookie
{
    /// <summary>The prefix has browsers keep it only if it is safe, and for this host alone.</summary>
    public const string Name = "__Host-counter";

    private static readonly CookieOptions Kept = new() { HttpOnly = true, Secure = true, SameSite = SameSiteMode.Strict, Path = "/" };

    /// <summary>The key that a browser sends; null if there is none. It is good for looking only: what changes something needs a header, which no other site can have a browser send.</summary>
    public static string? KeyOf(HttpRequest request) => HttpMethods.IsGet(request.Method) ? request.Cookies[Name] : null;

    public static void Keep(HttpResponse response, string key) => response.Cookies.Append(Name, key, Kept);

    public static void Forget(HttpResponse response) => response.Cookies.Delete(Name, Kept);
}
