using System.Security.Cryptography;

namespace Orleans.Counter.Cli.Processes;

/// <summary>Azurite as npm installs it from our lock file, once per user.</summary>
internal static class AzuriteInstall
{
    private static readonly string Shipped = Path.Combine(AppContext.BaseDirectory, "azurite");

    /// <summary>Installs Azurite if it is missing.</summary>
    /// <param name="logPath">Where npm logs.</param>
    /// <param name="fallback">Where to install if the user has no cache.</param>
    /// <param name="say">Hears what takes so long.</param>
    /// <param name="cancellationToken">Ends the installation and leaves nothing behind.</param>
    /// <returns>The script for Node to run.</returns>
    /// <exception cref="CommandFailedException">npm is missing or failed.</exception>
    public static async Task<string> Ensure(string logPath, string fallback, Action<string> say, CancellationToken cancellationToken)
    {
        // Another lock file is another folder: an old version of Azurite is never mistaken for the one we were tested with.
        var lockFile = await File.ReadAllBytesAsync(Path.Combine(Shipped, "package-lock.json"), cancellationToken);
        var folder = Path.Combine(Cache() ?? fallback, $"azurite-{Convert.ToHexStringLower(SHA256.HashData(lockFile))[..12]}");
        var script = Path.Combine(folder, "node_modules", "azurite", "dist", "src", "azurite.js");
        if (File.Exists(script)) return script;

        say("Installing Azurite, once (about 190 MB) ...");
        await Install(folder, logPath, cancellationToken);
        return File.Exists(script) ? script : throw new CommandFailedException($"npm has installed Azurite into {folder}, but {script} is missing.");
    }

    // Into a folder beside it, then renamed: whoever finds the folder finds it complete, also when two install at once.
    private static async Task Install(string folder, string logPath, CancellationToken cancellationToken)
    {
        var unfinished = $"{folder}.{Guid.NewGuid():N}";
        Directory.CreateDirectory(unfinished);
        try
        {
            foreach (var file in Directory.EnumerateFiles(Shipped)) File.Copy(file, Path.Combine(unfinished, Path.GetFileName(file)));
            await RunNpm(unfinished, logPath, cancellationToken);
            if (!Directory.Exists(folder)) Directory.Move(unfinished, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Another installation came first, with the same result.
        }
        finally
        {
            if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
        }
    }

    private static async Task RunNpm(string folder, string logPath, CancellationToken cancellationToken)
    {
        using var npm = ChildProcess.Start(new()
        {
            Role = "npm",
            Program = Tool.Node("npm"),
            Arguments = ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"],
        }, logPath);
        try
        {
            var exit = await npm.Exited.WaitAsync(cancellationToken);
            if (exit.Code is 0) return;
            throw new CommandFailedException(
                $"npm could not install Azurite: {exit}. The end of {logPath}:{string.Concat(npm.LastLines.Select(line => $"\n    {line}"))}");
        }
        finally
        {
            await npm.Stop();
        }
    }

    private static string? Cache()
    {
        if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache) return Path.Combine(cache, "orleans-counter");
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (home is "" || !Directory.Exists(home)) return null;
        return Path.Combine(home, OperatingSystem.IsMacOS() ? "Library/Caches" : ".cache", "orleans-counter");
    }
}
