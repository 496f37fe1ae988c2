namespace Orleans.Counter.Security;

/// <summary>The ways in which a caller may say who it is, as the document names them.</summary>
internal static class CallerSchemes
{
    public const string Key = "key";
    public const string Bearer = "bearer";
    public const string KeyInAddress = "keyInAddress";
    public const string Cookie = "cookie";

    /// <summary>Those that are good for an endpoint with this scope and method.</summary>
    public static IEnumerable<string> For(string scope, string? method) =>
        scope == Scope.Ingest.Name() ? [Key, Bearer, KeyInAddress] : HttpMethods.IsGet(method ?? "") ? [Key, Bearer, Cookie] : [Key, Bearer];
}
