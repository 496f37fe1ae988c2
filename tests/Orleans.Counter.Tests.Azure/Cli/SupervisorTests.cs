using System.Diagnostics;
using Orleans.Counter.Cli;
using Orleans.Counter.Cli.Processes;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Cli;

public sealed class SupervisorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;
    private readonly Notes _notes = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Processes => Path.Combine(_folder, "processes.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_process_that_is_killed_is_reported_and_started_again()
    {
        using var supervisor = Supervisor(restart: true);
        var connectionString = await supervisor.Start(Shell("hub", "echo ready one two; echo about to wait >&2; exec cat"), Token);
        var first = Assert.Single(ProcessesFile.Read(Processes));

        Kill(first.Pid);
        var died = await _notes.Next("has died");
        await _notes.Next("runs again");
        var second = Assert.Single(ProcessesFile.Read(Processes));

        Assert.Equal("one two", connectionString);
        Assert.Contains("ended by SIGKILL (exit code 137)", died, StringComparison.Ordinal);
        Assert.Contains("about to wait", died, StringComparison.Ordinal);
        Assert.NotEqual(first.Pid, second.Pid);
        Assert.Equal(first with { Pid = second.Pid }, second);
        Assert.True(await supervisor.Stop());
        Assert.False(IsAlive(second.Pid));
    }

    [Fact]
    public async Task Without_restart_it_is_reported_and_left_dead()
    {
        using var supervisor = Supervisor(restart: false);
        await supervisor.Start(Shell("hub", "echo ready; read line; exit 3"), Token);
        await supervisor.Start(Shell("silo", "echo ready; exec cat"), Token);

        Kill(ProcessesFile.Read(Processes).Single(process => process.Role == "silo").Pid);
        await _notes.Next("silo has died");

        Assert.Equal(["hub"], ProcessesFile.Read(Processes).Select(process => process.Role));
        Assert.True(await supervisor.Stop());
        Assert.Empty(ProcessesFile.Read(Processes));
    }

    [Fact]
    public async Task The_last_that_was_started_has_stopped_before_the_one_before_it_is_asked_to()
    {
        var order = Path.Combine(_folder, "order");
        using var supervisor = Supervisor(restart: true);
        foreach (var role in (string[])["azurite", "devhub", "silo"])
            // Each takes its time after it was asked: whoever does not wait for it puts "asked" of the next before its "stopped".
            await supervisor.Start(Shell(role, $"""
                trap 'echo {role} asked >> {order}; sleep 0.2; echo {role} stopped >> {order}; exit 0' TERM
                echo ready
                while :; do read line; done
                """), Token);

        Assert.True(await supervisor.Stop());

        Assert.Equal(["silo asked", "silo stopped", "devhub asked", "devhub stopped", "azurite asked", "azurite stopped"], File.ReadAllLines(order));
    }

    [Fact]
    public async Task A_process_that_ends_before_it_is_ready_fails_the_start_with_its_last_words()
    {
        using var supervisor = Supervisor(restart: true);

        var failure = await Assert.ThrowsAsync<CommandFailedException>(() => supervisor.Start(Shell("hub", "echo the port is taken >&2; exit 4"), Token));

        Assert.Contains("hub ended before it was ready: exit code 4", failure.Message, StringComparison.Ordinal);
        Assert.Contains("the port is taken", failure.Message, StringComparison.Ordinal);
        Assert.Empty(ProcessesFile.Read(Processes));
        Assert.True(await supervisor.Stop());
    }

    [Fact]
    public async Task A_stop_while_a_process_is_still_starting_leaves_nothing_behind()
    {
        using var supervisor = Supervisor(restart: true);
        using var impatient = new CancellationTokenSource();
        var starting = supervisor.Start(Shell("hub", "exec cat"), impatient.Token);
        var pid = Assert.Single(ProcessesFile.Read(Processes)).Pid;

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        Assert.True(await supervisor.Stop());

        Assert.False(IsAlive(pid));
        Assert.Empty(ProcessesFile.Read(Processes));
    }

    [Fact]
    public async Task A_process_is_in_a_session_of_its_own_so_that_ctrl_c_does_not_reach_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has setsid.");
        using var supervisor = Supervisor(restart: true);
        await supervisor.Start(Shell("hub", "echo ready; exec cat"), Token);
        var pid = Assert.Single(ProcessesFile.Read(Processes)).Pid;

        // Fields after the name in brackets: state, parent, process group, session.
        var fields = (await File.ReadAllTextAsync($"/proc/{pid}/stat", Token)).Split(')')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(($"{pid}", $"{pid}"), (fields[2], fields[3]));
        await supervisor.Stop();
    }

    [Fact]
    public async Task What_a_killed_run_left_behind_is_stopped_and_a_stranger_with_its_number_is_not()
    {
        using var data = DataFolder.Open(Path.Combine(_folder, "data"));
        var log = Path.Combine(_folder, "log");
        var waits = new ChildSpec { Role = "devhub", Program = Tool.Find("tail")!, Arguments = ["-f", Path.Combine(data.Path, "counter-data")] };
        using var ours = ChildProcess.Start(waits, log);
        using var stranger = ChildProcess.Start(new() { Role = "silo", Program = Tool.Find("cat")!, Arguments = [] }, log);
        var file = new ProcessesFile(data.ProcessesJson);
        file.Set(new("devhub", ours.Id, "amqp://localhost:20000", null));
        file.Set(new("silo", stranger.Id, "http://localhost:5080", null));
        file.Set(new("azurite", int.MaxValue, "http://127.0.0.1:20001", null)); // nobody's number

        await LeftOvers.Stop(data, _notes.Say, Token);

        Assert.Equal("ended by SIGTERM (exit code 143)", (await ours.Exited).ToString());
        Assert.False(stranger.Exited.IsCompleted);
        Assert.Empty(ProcessesFile.Read(data.ProcessesJson));
        await stranger.Stop();
    }

    private Supervisor Supervisor(bool restart) => new(new(Processes), role => Path.Combine(_folder, $"{role}.log"), _notes.Say, restart, TimeProvider.System);

    private static ChildSpec Shell(string role, string script) => new()
    {
        Role = role,
        Program = "/bin/sh",
        Arguments = ["-c", script],
        Url = $"{role}://localhost",
        Announcement = "ready",
        Ready = async (process, cancellationToken) => await process.Announced.WaitAsync(cancellationToken),
    };

    private static void Kill(int pid)
    {
        using var process = Process.GetProcessById(pid);
        process.Kill();
    }

    private static bool IsAlive(int pid) => Directory.Exists($"/proc/{pid}");
}
