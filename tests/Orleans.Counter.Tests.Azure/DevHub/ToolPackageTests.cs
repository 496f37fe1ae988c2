using System.Diagnostics;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Dev;

/// <summary>DevHub as a package: <c>dotnet tool install Orleans.Counter.DevHub</c>.</summary>
public sealed class ToolPackageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("devhub-tool-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task It_can_be_installed_as_a_tool_that_serves_and_ends_when_asked_to()
    {
        // A version that no cache on this machine can know, and no other source than the folder.
        var version = $"0.0.0-test-{Guid.NewGuid():N}";
        var configuration = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)).Name;
        await Dotnet("pack", Project(), "--no-restore", "--no-build", "--configuration", configuration, $"-p:PackageVersion={version}", "--output", _folder);
        var sources = Path.Combine(_folder, "nuget.config");
        await File.WriteAllTextAsync(
            sources, $"<configuration><packageSources><clear /><add key=\"here\" value=\"{_folder}\" /></packageSources></configuration>", TestContext.Current.CancellationToken);

        await Dotnet("tool", "install", "Orleans.Counter.DevHub", "--version", version, "--configfile", sources, "--tool-path", Path.Combine(_folder, "tools"));

        await using var hub = await DevHubProcess.StartProgram(
            Path.Combine(_folder, "tools", "devhub"), "--port", "0", "--data", Path.Combine(_folder, "data"), "--hub", "counts:2");
        await using (var client = await HubClient.Open(hub.Port))
            await (await client.Sender("counts")).SendAsync(HubClient.Event(1));
        Assert.Equal((0, "", ""), await hub.Terminate());
    }

    private static string Project()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Orleans.Counter.sln")))
            folder = folder.Parent;
        return Path.Combine(folder.FullName, "src", "Orleans.Counter.DevHub");
    }

    private static async Task Dotnet(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)}: {said}{await errors}");
    }
}
