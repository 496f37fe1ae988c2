using Orleans.Counter.Cli;
using Orleans.Counter.Cli.Processes;
using Xunit;

namespace Orleans.Counter.Tests.Cli;

public sealed class DataFolderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory().FullName;

    private string Data => Path.Combine(_root, "data");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_folder_with_somebody_elses_files_is_refused_and_left_alone()
    {
        File.WriteAllText(Path.Combine(_root, "thesis.txt"), "years of work");

        var refusal = Assert.Throws<CommandFailedException>(() => DataFolder.Open(_root));

        Assert.Contains("not the data of a local counter", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(["thesis.txt"], Directory.EnumerateFileSystemEntries(_root).Select(Path.GetFileName));
    }

    [Fact]
    public void Only_one_holds_it_at_a_time()
    {
        using (DataFolder.Open(Data))
            Assert.Contains("in use by another", Assert.Throws<CommandFailedException>(() => DataFolder.Open(Data)).Message, StringComparison.Ordinal);

        DataFolder.Open(Data).Dispose();
    }

    [Fact]
    public void Clearing_it_deletes_all_but_what_a_link_points_to_and_it_stays_ours()
    {
        var elsewhere = Directory.CreateDirectory(Path.Combine(_root, "elsewhere")).FullName;
        File.WriteAllText(Path.Combine(elsewhere, "thesis.txt"), "years of work");
        using (var data = DataFolder.Open(Data))
        {
            Directory.CreateDirectory(data.Hub);
            File.WriteAllText(Path.Combine(data.Hub, "log"), "events");
            File.WriteAllText(data.ProcessesJson, "[]");
            Directory.CreateSymbolicLink(Path.Combine(Data, "link"), elsewhere);

            data.Clear();
        }

        Assert.Single(Directory.EnumerateFileSystemEntries(Data));
        Assert.True(File.Exists(Path.Combine(elsewhere, "thesis.txt")));
        DataFolder.Open(Data).Dispose();
    }

    [Fact]
    public void The_log_of_the_run_before_is_kept_and_the_one_before_that_is_not()
    {
        using var data = DataFolder.Open(Data);
        foreach (var run in (string[])["first", "second", "third"])
        {
            data.BeginLogs();
            File.AppendAllText(data.Log("silo1"), run);
        }

        Assert.Equal(["second", "third"], Directory.EnumerateFiles(data.Logs).Order().Reverse().Select(File.ReadAllText).Order());
    }
}
