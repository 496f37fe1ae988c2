using System.CommandLine;
using System.Globalization;
using Orleans.Counter.Cli.Load;
using Orleans.Counter.Client;

namespace Orleans.Counter.Cli.Commands;

/// <summary><c>counter load</c>: events at a pace, and whether the service counts each of them once, in its minute.</summary>
internal static class LoadCommand
{
    public static Command Create()
    {
        var rate = Rate(defaultValue: 1_000);
        var minutes = Minutes(defaultValue: 1, min: 0.01);
        var videos = new Option<int>("--videos") { Description = "How many videos they belong to.", DefaultValueFactory = _ => 1_000 };
        var zipf = new Option<double>("--zipf")
        {
            Description = "How unevenly: the k-th video has 1/k^s of the first one's events.",
            DefaultValueFactory = _ => 1,
        };
        var duplicates = new Option<double>("--duplicates")
        {
            Description = "Which share of the requests is sent twice, and which share of the events once more among others, 0 to 0.9.",
            DefaultValueFactory = _ => 0.05,
        };
        var seed = Seed("The same seed draws the same events.");
        var url = ServiceUrl.Option(severalSilos: true);
        var key = ServiceKey.Option("ingest and read");
        videos.Require(1, 1_000_000);
        zipf.Require(0, 3);
        duplicates.Require(0, 0.9);

        var command = new Command("load", "Sends events at a pace, and checks that every minute of every video counts each of them once.")
        {
            rate, minutes, videos, zipf, duplicates, seed, url, key,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var silos = new LoadClients(parsed.GetRequiredValue(url));
            foreach (var http in silos.Http)
            {
                ServiceKey.AddTo(http, parsed.GetValue(key));
                await ServiceUrl.RequireAnswer(http, cancellationToken);
            }

            var now = DateTimeOffset.UtcNow;
            var options = new LoadOptions(
                $"load-{now:yyyyMMddHHmmssfff}", now, TimeSpan.FromMinutes(parsed.GetValue(minutes)), parsed.GetValue(rate), parsed.GetValue(videos),
                parsed.GetValue(zipf), parsed.GetValue(duplicates), parsed.GetValue(seed));
            return await Run(new(options), silos.Clients, TimeProvider.System, parsed.InvocationConfiguration.Output, cancellationToken);
        });
        return command;
    }

    public static Option<int> Rate(int defaultValue)
    {
        var rate = new Option<int>("--rate") { Description = "New events a second.", DefaultValueFactory = _ => defaultValue };
        rate.Require(1, 200_000);
        return rate;
    }

    public static Option<double> Minutes(double defaultValue, double min)
    {
        var minutes = new Option<double>("--minutes") { Description = "For how long.", DefaultValueFactory = _ => defaultValue };
        minutes.Require(min, LoadPlan.LengthMax.TotalMinutes);
        return minutes;
    }

    public static Option<int> Seed(string description) => new("--seed") { Description = description, DefaultValueFactory = _ => 1 };

    public static void Require<T>(this Option<T> option, T min, T max) where T : IComparable<T> => option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<T>() is { } value && (value.CompareTo(min) < 0 || value.CompareTo(max) > 0))
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{option.Name} goes from {min} to {max}."));
    });

    /// <returns>0 if every minute is exact, else 1.</returns>
    internal static async Task<int> Run(
        LoadPlan plan, IReadOnlyList<CounterClient> clients, TimeProvider time, TextWriter output, CancellationToken cancellationToken)
    {
        try
        {
            await output.WriteLineAsync($"Videos are named {plan.Options.Name}-0 to {plan.Options.Name}-{plan.Videos.Count - 1}.");
            var run = new LoadRun(clients, output.WriteLine, time);
            var figures = await run.Send(plan, cancellationToken);
            await output.WriteLineAsync(
                $"Everything is sent; asking until the service has counted it, or nothing has moved for {LoadCheck.Patience.TotalMinutes:0} minutes.");
            var verdict = await new LoadCheck(clients, time).Judge(plan, run.Expected, cancellationToken);
            return LoadReport.Verdict(plan, figures, verdict, output.WriteLine) ? 0 : 1;
        }
        catch (CounterException failure)
        {
            throw new CommandFailedException($"The service refuses this load: {failure.Message}", failure);
        }
    }
}
