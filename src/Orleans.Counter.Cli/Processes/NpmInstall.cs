using System.Security.Cryptography;

namespace Orleans.Counter.Cli.Processes;

/// <summary>What npm installs from a lock file of ours, once per user.</summary>
internal static class NpmInstall
{
    /// <summary>Installs it if it is missing.</summary>
    /// <param name="shipped">The folder of <c>package.json</c> and <c>package-lock.json</c>. Its name is the name of the installation.</param>
    /// <param name="logPath">Where npm logs.</param>
    /// <param name="fallback">Where to install if the user has no cache.</param>
    /// <param name="starting">Called before what takes so long.</param>
    /// <param name="cancellationToken">Ends the installation and leaves nothing behind.</param>
    /// <returns>The folder that holds <c>node_modules</c>.</returns>
    /// <exception cref="CommandFailedException">npm is missing or failed.</exception>
    public static async Task<string> Ensure(string shipped, string logPath, string fallback, Action starting, CancellationToken cancellationToken)
    {
        // Another lock file is another folder: an old version is never mistaken for the one we were tested with.
        var lockFile = await File.ReadAllBytesAsync(Path.Combine(shipped, "package-lock.json"), cancellationToken);
        var version = Convert.ToHexStringLower(SHA256.HashData(lockFile))[..12];
        var folder = Path.Combine(UserCache.Folder() ?? fallback, $"{Path.GetFileName(shipped)}-{version}");
        if (Directory.Exists(folder)) return folder;

        starting();
        await Install(shipped, folder, logPath, cancellationToken);
        return folder;
    }

    // Into a folder beside it, then renamed: whoever finds the folder finds it complete, also when two install at once.
    private static async Task Install(string shipped, string folder, string logPath, CancellationToken cancellationToken)
    {
        var unfinished = $"{folder}.{Guid.NewGuid():N}";
        Directory.CreateDirectory(unfinished);
        try
        {
            foreach (var file in Directory.EnumerateFiles(shipped, "package*.json")) File.Copy(file, Path.Combine(unfinished, Path.GetFileName(file)));
            await RunNpm(unfinished, Path.GetFileName(shipped), logPath, cancellationToken);
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

    private static async Task RunNpm(string folder, string name, string logPath, CancellationToken cancellationToken)
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
                $"npm could not install {name}: {exit}. The end of {logPath}:{string.Concat(npm.LastLines.Select(line => $"\n    {line}"))}");
        }
        finally
        {
            await npm.Stop();
        }
    }
}
