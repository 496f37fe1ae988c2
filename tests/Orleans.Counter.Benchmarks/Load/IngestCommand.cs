using System.CommandLine;
using static Orleans.Counter.Benchmarks.WholeNumber;

namespace Orleans.Counter.Benchmarks.Load;

/// <summary><c>ingest</c>: the whole river, as processes of their own.</summary>
internal static class IngestCommand
{
    public static Command Create()
    {
        var events = AtLeast(1, "--events", "How many events a round sends.", 1_000_000);
        var videos = AtLeast(1, "--videos", "How many videos there are, of which the k-th has 1/k of the first one's views.", 100_000);
        var batch = AtLeast(1, "--batch", "Events in a request.", 500);
        var connections = AtLeast(1, "--connections", "Requests under way at once.", 4);
        var silos = AtLeast(1, "--silos", "How many silos share the work, up to 9; requests go to each in turn.", 1);
        var command = new Command("ingest", "Sends events over HTTP until all are visible and stored, checks every count, and says what that took.") { events, videos, batch, connections, silos };
        command.SetAction((parsed, cancellationToken) => new IngestBenchmark(
            parsed.GetValue(events), parsed.GetValue(videos), parsed.GetValue(batch), parsed.GetValue(connections), parsed.GetValue(silos),
            parsed.InvocationConfiguration.Output).Run(cancellationToken));
        return command;
    }
}
