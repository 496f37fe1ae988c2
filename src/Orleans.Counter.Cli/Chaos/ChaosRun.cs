using System.Globalization;
using Orleans.Counter.Cli.Load;
using Orleans.Counter.Cli.Processes;
using Orleans.Counter.Client;

namespace Orleans.Counter.Cli.Chaos;

/// <summary>A load and its faults, at the same time, and the verdict when everything is well again.</summary>
internal sealed class ChaosRun(Supervisor supervisor, IReadOnlyList<Uri> silos, Weather weather, DataFolder data, Action<string> say)
{
    // What silos say of what it took, and how it is told.
    private static readonly (string Line, string What)[] Signs =
    [
        (" goes back to ", "shards went back to their checkpoint"),
        (": taken over", "partitions were taken over"),
        ("I have been told I am dead", "silos found that they had been declared dead"),
        ("Dead letter", "dead letters"),
    ];

    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(1);

    /// <returns>True if every minute of every video is exact, as the silos know it and as it was stored.</returns>
    public async Task<bool> Run(LoadPlan plan, IReadOnlyList<Fault> faults, TimeSpan readyWithin, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watch = supervisor.Watch(ending.Token);
        var work = Work(plan, faults, readyWithin, ending.Token);
        try
        {
            return await await Task.WhenAny(work, Failed());
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(work, watch).ContinueWith(_ => { }, TaskScheduler.Default); // who failed first is told; here everybody has ended
        }

        async Task<bool> Failed()
        {
            await watch;
            return false;
        }
    }

    private async Task<bool> Work(LoadPlan plan, IReadOnlyList<Fault> faults, TimeSpan readyWithin, CancellationToken cancellationToken)
    {
        using var clients = new LoadClients(silos);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var injector = new FaultInjector(supervisor, silos.Count, weather, say, TimeProvider.System);
        var load = new LoadRun(clients.Clients, say, TimeProvider.System);
        var sending = load.Send(plan, either.Token);
        var breaking = injector.Run(faults, either.Token);
        if (await Task.WhenAny(sending, breaking) is { IsCompletedSuccessfully: false }) await either.CancelAsync();
        await Task.WhenAll(sending, breaking);
        var figures = await sending;

        say("Everything is sent, and nothing is broken any more. "
            + $"Asking until all is counted, or nothing has moved for {LoadCheck.Patience.TotalMinutes:0} minutes.");
        await Ready(readyWithin, cancellationToken);
        var check = new LoadCheck(clients.Clients, TimeProvider.System);
        var verdict = await check.CaughtUp(plan, load.Expected, cancellationToken);
        if (verdict.IsExact)
        {
            say("Every minute is exact. All silos are killed at once, and asked again: what they know then is what was stored, and the rest of the log.");
            for (var silo = 1; silo <= silos.Count; silo++) supervisor[$"silo{silo}"].Kill();
            await Ready(readyWithin, cancellationToken);
            verdict = await check.Judge(plan, load.Expected, cancellationToken);
        }

        Tell(injector);
        var addsUp = await AddsUp(clients.Clients[0], load.Expected.Total, cancellationToken);
        return LoadReport.Verdict(plan, figures, verdict, say) && addsUp;
    }

    /// <summary>Asks for the audit until everything is stored. Nobody else has sent anything: so it knows how much was counted.</summary>
    private async Task<bool> AddsUp(CounterClient client, long expected, CancellationToken cancellationToken)
    {
        var until = DateTimeOffset.UtcNow + LoadCheck.Patience;
        Audit audit;
        while ((audit = await client.AuditAsync(cancellationToken)) is { InFlight: > 0 } && DateTimeOffset.UtcNow < until)
            await Task.Delay(AskEvery, cancellationToken);
        say(string.Create(CultureInfo.InvariantCulture,
            $"Audit: {audit.Accepted:N0} in the log = {audit.Counted:N0} counted + {audit.Duplicates:N0} repeats + {audit.DeadLettered:N0} dead letters"
            + $" + {audit.InFlight:N0} on their way + {audit.Difference:N0} unaccounted for."));
        return audit is { Difference: 0, InFlight: 0 } && audit.Counted == expected;
    }

    private async Task Ready(TimeSpan within, CancellationToken cancellationToken)
    {
        try
        {
            var ready = Enumerable.Range(1, silos.Count).Select(silo => supervisor[$"silo{silo}"].IsReady(cancellationToken));
            await Task.WhenAll(ready).WaitAsync(within, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new CommandFailedException($"Not all silos are ready {within.TotalMinutes:0} minutes after the last fault; their logs are in {data.Path}.");
        }
    }

    private void Tell(FaultInjector injector)
    {
        foreach (var kind in Enum.GetValues<FaultKind>())
        {
            var hit = weather.Hit(kind) is > 0 and var requests ? string.Create(CultureInfo.InvariantCulture, $", {requests:N0} requests hit") : "";
            say($"  {injector.Done.GetValueOrDefault(kind),5} x {FaultInjector.Words(kind)}{hit}");
        }

        var lines = Enumerable.Range(1, silos.Count).SelectMany(silo => File.ReadLines(data.Log($"silo{silo}"))).ToList();
        foreach (var (line, what) in Signs) say($"  {lines.Count(one => one.Contains(line, StringComparison.Ordinal)),5} {what}");
    }
}
