using System.Text.Json;
using Orleans.Counter.Cli.Processes;
using Xunit;

namespace Orleans.Counter.Tests.Cli;

public sealed class ProcessesFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    private string Path => System.IO.Path.Combine(_folder, "processes.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void It_shows_what_runs_now_in_the_documented_shape()
    {
        var file = new ProcessesFile(Path);
        file.Set(new("silo1", 3, "http://localhost:5080", null));
        file.Set(new("devhub", 2, "amqp://localhost:20000", "Endpoint=sb://localhost"));
        file.Set(new("azurite", 1, "http://127.0.0.1:20001/devstoreaccount1", "AccountName=devstoreaccount1"));
        file.Set(new("silo1", 4, "http://localhost:5080", null));
        file.Remove("azurite");

        var expected = """
            [{"role":"devhub","pid":2,"url":"amqp://localhost:20000","connectionString":"Endpoint=sb://localhost"},
             {"role":"silo1","pid":4,"url":"http://localhost:5080","connectionString":null}]
            """;
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(expected), JsonElement.Parse(File.ReadAllText(Path))));
        Assert.Equal([2, 4], ProcessesFile.Read(Path).Select(process => process.Pid));
    }

    [Fact]
    public async Task A_reader_finds_it_whole_at_any_time()
    {
        var file = new ProcessesFile(Path);
        file.Set(new("silo1", 0, "", null));
        var writing = Task.Run(() =>
        {
            for (var i = 1; i <= 500; i++) file.Set(new("silo1", i, new string('x', 20_000), null));
        }, TestContext.Current.CancellationToken);

        while (!writing.IsCompleted) Assert.Single(ProcessesFile.Read(Path));

        await writing;
    }
}
