namespace Orleans.Counter.Tests;

/// <summary>The files of this repository, for tests that hold them to the code.</summary>
internal static class Repository
{
    public static string Folder { get; } = Find();

    public static string Read(params string[] path) => File.ReadAllText(Path.Combine([Folder, .. path]));

    /// <summary>The sources of a folder, by their paths below it.</summary>
    public static IEnumerable<(string Path, string Text)> Sources(params string[] folder)
    {
        var root = Path.Combine([Folder, .. folder]);
        return Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file => (Path.GetRelativePath(root, file), File.ReadAllText(file)));
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Orleans.Counter.sln"))) return folder.FullName;
        throw new InvalidOperationException("These tests run from within the repository.");
    }
}
