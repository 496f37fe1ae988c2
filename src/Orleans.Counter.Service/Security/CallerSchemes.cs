namespace Orleans.Counter.Security;

/// <summary>The ways in which a caller may say who it is, as the document names them.</summary>
internal static class CallerSchemes
{
    public const string Key = "key";
    public const string Bearer = "bearer";
    public const string KeyInAddress = "keyInAddress";

    /// <summary>Those that are good for an endpoint with this scope.</summary>
    public static IEnumerable<string> For(string scope) => scope == Scope.Ingest.Name() ? [Key, Bearer, KeyInAddress] : [Key, Bearer];
}
