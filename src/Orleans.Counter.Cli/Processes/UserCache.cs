namespace Orleans.Counter.Cli.Processes;

/// <summary>Where a user's programs keep what they can fetch again.</summary>
internal static class UserCache
{
    /// <summary>Our folder there; null if the user has no cache.</summary>
    public static string? Folder()
    {
        if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache) return Path.Combine(cache, "orleans-counter");
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (home is "" || !Directory.Exists(home)) return null;
        return Path.Combine(home, OperatingSystem.IsMacOS() ? "Library/Caches" : ".cache", "orleans-counter");
    }
}
