using Orleans.Counter.Cli.Processes;

namespace Orleans.Counter.Cli.Chaos;

/// <summary>Does to processes and roads what a plan says, and keeps count.</summary>
internal sealed class FaultInjector(Supervisor supervisor, int silos, Weather weather, Action<string> say, TimeProvider time)
{
    private readonly Dictionary<FaultKind, int> _done = [];
    private readonly Dictionary<string, int> _frozen = [];

    /// <summary>How often each kind was done.</summary>
    public IReadOnlyDictionary<FaultKind, int> Done => _done;

    /// <summary>Does all of it; afterwards, also when it is cancelled, the weather is fine and nobody stands still.</summary>
    public async Task Run(IReadOnlyList<Fault> plan, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var steps = new PriorityQueue<Action, TimeSpan>();
        foreach (var fault in plan) steps.Enqueue(() => Do(fault, steps), fault.At);
        try
        {
            while (steps.TryDequeue(out var step, out var at))
            {
                var early = at - time.GetElapsedTime(began);
                if (early > TimeSpan.Zero) await Task.Delay(early, time, cancellationToken);
                step();
            }
        }
        finally
        {
            weather.Now = null;
            foreach (var role in _frozen.Keys.ToArray()) Thaw(role);
        }
    }

    private void Do(Fault fault, PriorityQueue<Action, TimeSpan> steps)
    {
        switch (fault.Kind)
        {
            case FaultKind.SiloKilled:
                if (FirstReady(fault.Silo, role => supervisor[role].Kill()) is { } killed) Note(fault, $"{killed.Role} is killed (process {killed.Pid})");
                else say("no silo is there that could be killed");
                break;
            case FaultKind.SiloFrozen:
                if (FirstReady(fault.Silo, role => supervisor[role].Freeze()) is not { } frozen)
                {
                    say("no silo is there that could be frozen");
                    break;
                }

                _frozen.Add(frozen.Role, frozen.Pid);
                Note(fault, $"{frozen.Role} stands still for {fault.Lasts.TotalSeconds:0} s (process {frozen.Pid})");
                steps.Enqueue(() => Thaw(frozen.Role), fault.At + fault.Lasts);
                break;
            case FaultKind.HubKilled:
                if (supervisor["devhub"].Kill() is { } hub) Note(fault, $"devhub is killed (process {hub})");
                else say("no devhub is there that could be killed");
                break;
            default:
                weather.Now = fault.Kind;
                Note(fault, $"the road to the storage, for {fault.Lasts.TotalSeconds:0.0} s: {Words(fault.Kind)}");
                steps.Enqueue(() => weather.Now = null, fault.At + fault.Lasts);
                break;
        }
    }

    // The silo of the plan, or the next one that is ready and does not stand still.
    private (string Role, int Pid)? FirstReady(int silo, Func<string, int?> disturb)
    {
        for (var i = 0; i < silos; i++)
        {
            var role = $"silo{(silo - 1 + i) % silos + 1}";
            if (!_frozen.ContainsKey(role) && disturb(role) is { } pid) return (role, pid);
        }

        return null;
    }

    private void Thaw(string role)
    {
        if (!_frozen.Remove(role, out var pid)) return;
        Posix.Thaw(pid);
        say($"{role} goes on");
    }

    private void Note(Fault fault, string what)
    {
        _done[fault.Kind] = _done.GetValueOrDefault(fault.Kind) + 1;
        say(what);
    }

    public static string Words(FaultKind kind) => kind switch
    {
        FaultKind.SiloKilled => "silos killed",
        FaultKind.SiloFrozen => "silos frozen",
        FaultKind.HubKilled => "event hub killed",
        FaultKind.AnswersLost => "answers to writes are lost",
        FaultKind.WritesLate => "writes arrive after their senders have gone on",
        FaultKind.Throttled => "429 and 503",
        FaultKind.Failing => "500",
        FaultKind.Hanging => "no answer at all",
        _ => "closed",
    };
}
