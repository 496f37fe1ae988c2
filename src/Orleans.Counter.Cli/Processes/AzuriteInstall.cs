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
        var folder = await NpmInstall.Ensure(Shipped, logPath, fallback, () => say("Installing Azurite, once (about 190 MB) ..."), cancellationToken);
        var script = Path.Combine(folder, "node_modules", "azurite", "dist", "src", "azurite.js");
        return File.Exists(script) ? script : throw new CommandFailedException($"npm has installed Azurite into {folder}, but {script} is missing.");
    }
}
