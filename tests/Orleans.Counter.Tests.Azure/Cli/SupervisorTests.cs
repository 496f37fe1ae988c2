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
    public async Task A_process_that_is_frozen_on_purpose_is_silent_until_it_goes_on_and_one_that_is_killed_on_purpose_is_ready_again()
    {
        using var supervisor = Supervisor(restart: true);
        await supervisor.Start(Shell("hub", "echo ready; exec cat"), Token);
        var hub = supervisor["hub"];

        var frozen = hub.Freeze();
        Assert.Equal(Assert.Single(ProcessesFile.Read(Processes)).Pid, frozen);
        Posix.AskToStop(frozen!.Value); // it does not hear
        await hub.IsReady(Token);
        Posix.Thaw(frozen.Value);
        Assert.Contains("ended by SIGTERM", await _notes.Next("has died"), StringComparison.Ordinal);
        await _notes.Next("runs again");

        Assert.NotNull(hub.Kill());
        await _notes.Next("has died: ended by SIGKILL");
        await hub.IsReady(Token);
        Assert.True(await supervisor.Stop());
    }

    [Fact]
    public async Task A_process_that_somebody_has_asked_to_stop_has_ended_and_not_died_and_is_started_again_too()
    {
        using var supervisor = Supervisor(restart: true);
        await supervisor.Start(Shell("silo2", "trap 'exit 0' TERM; echo ready; while :; do read line; done"), Token);

        Posix.AskToStop(Assert.Single(ProcessesFile.Read(Processes)).Pid);

        Assert.Equal("silo2 has ended: exit code 0.", await _notes.Next("silo2 has"));
        await _notes.Next("silo2 runs again");
        Assert.True(await supervisor.Stop());
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
        foreach (var role in (string[])["azurite", "devhub", "silo1"])
            // Each takes its time after it was asked: whoever does not wait for it puts "asked" of the next before its "stopped".
            await supervisor.Start(Shell(role, $"""
                trap 'echo {role} asked >> {order}; sleep 0.2; echo {role} stopped >> {order}; exit 0' TERM
                echo ready
                while :; do read line; done
                """), Token);

        Assert.True(await supervisor.Stop());

        Assert.Equal(["silo1 asked", "silo1 stopped", "devhub asked", "devhub stopped", "azurite asked", "azurite stopped"], File.ReadAllLines(order));
    }

    [Fact]
    public async Task What_is_started_together_waits_for_nobody_and_is_asked_to_stop_together_before_what_was_started_first()
    {
        var order = Path.Combine(_folder, "order");
        using var supervisor = Supervisor(restart: true);
        await supervisor.Start(Shell("devhub", $"trap 'echo devhub asked >> {order}; exit 0' TERM; echo ready; while :; do read line; done"), Token);
        // Neither is ready before the other has begun, and neither stops before the other is asked to.
        await supervisor.StartTogether(from silo in (string[])["silo1", "silo2"]
                                       let other = silo is "silo1" ? "silo2" : "silo1"
                                       select Shell(silo, $$"""
            until_there() { while [ ! -e {{_folder}}/$1 ]; do sleep 0.02; done; }
            trap 'touch {{_folder}}/{{silo}}.asked; until_there {{other}}.asked; echo silo stopped >> {{order}}; exit 0' TERM
            touch {{_folder}}/{{silo}}.begun; until_there {{other}}.begun
            echo ready
            while :; do read line; done
            """), Token);
        Assert.Equal(["devhub", "silo1", "silo2"], ProcessesFile.Read(Processes).Select(process => process.Role));

        Assert.True(await supervisor.Stop());

        Assert.Equal(["silo stopped", "silo stopped", "devhub asked"], File.ReadAllLines(order));
    }

    [Fact]
    public async Task One_that_fails_among_those_started_together_fails_the_start_when_the_others_are_ready()
    {
        using var supervisor = Supervisor(restart: true);

        var failure = await Assert.ThrowsAsync<CommandFailedException>(() => supervisor.StartTogether(
            [Shell("silo1", "echo ready; exec cat"), Shell("silo2", "echo the port is taken >&2; exit 4"), Shell("silo3", "sleep 0.2; echo ready; exec cat")], Token));

        Assert.Contains("silo2 ended before it was ready: exit code 4", failure.Message, StringComparison.Ordinal);
        var running = ProcessesFile.Read(Processes);
        Assert.Equal(["silo1", "silo3"], running.Select(process => process.Role));
        Assert.True(await supervisor.Stop());
        Assert.DoesNotContain(running, process => IsAlive(process.Pid));
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
        // Neither stops before the other is asked to; a silo is known by where it listens, which it was told.
        var silos = (from silo in (int[])[1, 2]
                     let script = $"""
                         trap 'touch {_folder}/{silo}.asked; while [ ! -e {_folder}/{3 - silo}.asked ]; do sleep 0.02; done; exit 0' TERM
                         echo ready
                         while :; do read line; done
                         """
                     select ChildProcess.Start(Shell($"silo{silo}", script) with { Arguments = ["-c", script, $"http://localhost:508{silo}"] }, log)).ToArray();
        await Task.WhenAll(silos.Select(silo => silo.Announced)).WaitAsync(Token);
        using var stranger = ChildProcess.Start(new() { Role = "silo3", Program = Tool.Find("cat")!, Arguments = [] }, log);
        var file = new ProcessesFile(data.ProcessesJson);
        file.Set(new("devhub", ours.Id, "amqp://localhost:20000", null));
        file.Set(new("silo1", silos[0].Id, "http://localhost:5081", null));
        file.Set(new("silo2", silos[1].Id, "http://localhost:5082", null));
        file.Set(new("silo3", stranger.Id, "http://localhost:5083", null));
        file.Set(new("azurite", int.MaxValue, "http://127.0.0.1:20001", null)); // nobody's number

        await LeftOvers.Stop(data, _notes.Say, Token);

        Assert.Equal("ended by SIGTERM (exit code 143)", (await ours.Exited).ToString());
        foreach (var silo in silos)
        {
            Assert.Equal(0, (await silo.Exited).Code);
            silo.Dispose();
        }
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
