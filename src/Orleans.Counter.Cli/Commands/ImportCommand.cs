using System.CommandLine;
using System.Globalization;
using System.Text;
using Orleans.Counter.Cli.Import;
using Orleans.Counter.Client;
using Spectre.Console;

namespace Orleans.Counter.Cli.Commands;

/// <summary><c>counter import</c>: a file of daily figures as events, and whether the service counts what was sent; or, with <c>--history</c>, minutes of days that are long over, set as they are.</summary>
internal static class ImportCommand
{
    // A local silo that was killed, or stopped to be started anew, answers again after some 4 s: with over 4 minutes of patience the import goes on by itself,
    // also when it talks to only one of several silos and that one drains first.
    private static readonly CounterClientOptions Patient = new() { RetriesMax = 60, RetryDelayMax = TimeSpan.FromSeconds(5) };

    // The service gives a request with thousands of days five minutes.
    private static readonly TimeSpan HistoryTimeout = TimeSpan.FromMinutes(6);

    public static Command Create()
    {
        var file = new Argument<string>("FILE")
        {
            Description = "A CSV file with the columns video_id, date, views and likes. With --history: CSV with the columns videoId, type, timestamp and count, and sum, min and max if there are values;"
                + " or a JSON object with these members a line. A line for each minute that is not empty, in any order; where those of one video and day stand together, it is done sooner.",
        };
        var url = ServiceUrl.Option();
        var scale = new Option<long>("--scale") { Description = "How many views or likes of the file become one event.", DefaultValueFactory = _ => 10_000 };
        scale.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<long>() < 1) result.AddError("--scale is at least 1.");
        });

        var key = ServiceKey.Option("ingest and read, or with --history admin");
        var history = new Option<bool>("--history") { Description = "Sets minutes of days that are long over: nothing is counted twice, however often it is done, and days that are counted live stay as they are." };
        var command = new Command("import", "Sends the views and likes of a file as events, and checks what the service counts; or sets the history of videos.") { file, url, scale, history, key };
        command.Validators.Add(result =>
        {
            if (result.GetValue(history) && result.GetResult(scale) is { Implicit: false }) result.AddError("--scale makes events of figures; with --history, figures are taken as they are.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var isHistory = parsed.GetValue(history);
            using var http = new HttpClient { BaseAddress = parsed.GetRequiredValue(url).Single(), Timeout = 2 * HistoryTimeout }; // The client ends each attempt sooner.
            ServiceKey.AddTo(http, parsed.GetValue(key));
            await ServiceUrl.RequireAnswer(http, cancellationToken);
            var client = new CounterClient(http, isHistory ? Patient with { AttemptTimeout = HistoryTimeout } : Patient);
            var output = parsed.InvocationConfiguration.Output;
            if (isHistory) return await RunHistory(parsed.GetRequiredValue(file), client, output, cancellationToken);
            return await Run(parsed.GetRequiredValue(file), parsed.GetValue(scale), client, TimeProvider.System, output, cancellationToken);
        });
        return command;
    }

    /// <returns>0 if the service counts what was sent, else 1.</returns>
    internal static async Task<int> Run(
        string file, long scale, CounterClient client, TimeProvider time, TextWriter output, CancellationToken cancellationToken)
    {
        var plan = new ImportPlan(TrendingFile.Read(file), scale, time.GetUtcNow());
        if (plan.Total is 0) throw new CommandFailedException($"No row of {file} has {scale} views or likes: nothing to send.");
        try
        {
            var importer = await Send(plan, plan.Events(TrendingFile.Read(file)), client, output, cancellationToken);
            var comparisons = await new ImportCheck(client, time).Largest(plan, cancellationToken);
            return await Report(plan, importer, comparisons, output) ? 0 : 1;
        }
        catch (CounterException failure)
        {
            throw new CommandFailedException($"{failure.Message} Importing again within ten minutes sends the same ids, and counts nothing twice.", failure);
        }
    }

    /// <returns>0 if every line of the file is what the service holds now, else 1.</returns>
    internal static async Task<int> RunHistory(string file, CounterClient client, TextWriter output, CancellationToken cancellationToken)
    {
        try
        {
            var importer = await SendHistory(file, client, output, cancellationToken);
            await output.WriteLineAsync($"Read {N(importer.Lines)} lines. Of days of a video and type, {N(importer.DaysSet)} were set, and {N(importer.DaysUnchanged)} held the same before.");
            if (importer.Problems.Count == 0) return 0;
            await output.WriteLineAsync($"Not set: {N(importer.LinesRejected)} lines and {N(importer.DaysRefused)} days.");
            foreach (var problem in importer.Problems) await output.WriteLineAsync($"  {problem}");
            return 1;
        }
        catch (Exception failure) when (failure is CounterException or CommandFailedException or DecoderFallbackException)
        {
            var message = failure is DecoderFallbackException ? $"{file} is not valid UTF-8." : failure.Message;
            throw new CommandFailedException($"{message} What was set by then stays; the whole file can be imported again, and changes nothing twice.", failure);
        }
    }

    private static async Task<HistoryImporter> SendHistory(string file, CounterClient client, TextWriter output, CancellationToken cancellationToken)
    {
        var rows = HistoryFile.Read(file);
        var length = File.Exists(file) ? new FileInfo(file).Length : 0; // One that does not exist is refused when it is read.
        if (AnsiConsole.Profile.Capabilities.Interactive && AnsiConsole.Profile.Out.IsTerminal)
            return await AnsiConsole.Progress()
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
                .StartAsync(async progress =>
                {
                    var bar = progress.AddTask("Setting days", maxValue: Math.Max(1, length));
                    return await Send(new(client, read => bar.Value = Math.Max(bar.Value, read)));
                });

        var tenths = 0L;
        return await Send(new(client, read =>
        {
            if (length == 0 || read * 10 / length <= tenths) return;
            tenths = read * 10 / length;
            output.WriteLine($"{tenths * 10} % of {file} is done.");
        }));

        async Task<HistoryImporter> Send(HistoryImporter importer)
        {
            await importer.Send(rows, cancellationToken);
            return importer;
        }
    }

    private static async Task<Importer> Send(
        ImportPlan plan, IEnumerable<CounterEvent> events, CounterClient client, TextWriter output, CancellationToken cancellationToken)
    {
        if (AnsiConsole.Profile.Capabilities.Interactive && AnsiConsole.Profile.Out.IsTerminal)
            return await AnsiConsole.Progress()
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
                .StartAsync(async progress =>
                {
                    var bar = progress.AddTask("Sending events", maxValue: plan.Total);
                    return await Send(new(client, count => bar.Increment(count)), events, cancellationToken);
                });

        var tenths = new Tenths(plan.Total, line => output.WriteLine(line));
        return await Send(new(client, tenths.Add), events, cancellationToken);
    }

    private static async Task<Importer> Send(Importer importer, IEnumerable<CounterEvent> events, CancellationToken cancellationToken)
    {
        await importer.Send(events, cancellationToken);
        return importer;
    }

    private static async Task<bool> Report(ImportPlan plan, Importer importer, IReadOnlyList<Comparison> comparisons, TextWriter output)
    {
        var videos = plan.Sums.Where(sum => sum.Value > 0).Select(sum => sum.Key.Video).Distinct().Count();
        await output.WriteLineAsync($"Sent {N(plan.TotalOf(EventType.View))} view and {N(plan.TotalOf(ImportPlan.Like))} like events of {N(videos)} videos,"
            + $" in the {plan.Minutes.Count} minutes from {plan.Minutes.Values.Min():u} to {plan.Minutes.Values.Max():u}.");
        await output.WriteLineAsync($"The service has accepted {N(importer.Accepted)} and rejected {N(importer.Rejected)}.");
        foreach (var rejection in importer.Rejections) await output.WriteLineAsync($"  {rejection}");

        var width = comparisons.Max(comparison => comparison.Video.Value.Length);
        await output.WriteLineAsync($"\nThe largest videos:\n  type  {"video".PadRight(width)}  {"sent",14}  {"answered",14}  {"difference",14}");
        foreach (var (video, type, sent, answered) in comparisons)
            await output.WriteLineAsync($"  {type,-4}  {video.Value.PadRight(width)}  {N(sent),14}  {N(answered),14}  {N(answered - sent),14}");

        if (comparisons.Any(comparison => comparison.Difference > 0))
            await output.WriteLineAsync("More than was sent: these videos have other events too, perhaps of an import more than ten minutes ago.");
        if (comparisons.Any(comparison => comparison.Difference < 0)) await output.WriteLineAsync("Less than was sent: something is missing.");
        return importer.Rejected is 0 && comparisons.All(comparison => comparison.Difference is 0);
    }

    private static string N(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
