using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Orleans.Counter.Cli.Commands;

/// <summary><c>counter recount</c>: compares what was counted of a video with the raw events of the log, and repairs it.</summary>
internal static class RecountCommand
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var (url, key) = (ServiceUrl.Option(), ServiceKey.Option("admin"));
        var video = new Argument<string>("video") { Description = "The video." };
        var from = new Option<string>("--from") { Description = "The first minute, such as 2026-11-23T10:05:00Z.", Required = true };
        var to = new Option<string>("--to") { Description = "The minute after the last one; at most 31 days later.", Required = true };
        var repair = new Option<bool>("--repair") { Description = "Sets what differs to what was recounted, if nothing of the log is missing." };
        var command = new Command("recount", "Compares what was counted of a video with the raw events.") { video, from, to, repair, url, key };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var http = await AdminApi.Open(parsed.GetRequiredValue(url).Single(), parsed.GetValue(key), cancellationToken);
            return await Run(
                http, parsed.GetRequiredValue(video), parsed.GetRequiredValue(from), parsed.GetRequiredValue(to), parsed.GetValue(repair), TimeProvider.System, parsed.InvocationConfiguration.Output, cancellationToken);
        });
        return command;
    }

    /// <returns>0 if everything is as it has to be now; else 1.</returns>
    internal static async Task<int> Run(HttpClient http, string video, string from, string to, bool repair, TimeProvider clock, TextWriter output, CancellationToken cancellationToken)
    {
        var wanted = new JsonObject { ["videoId"] = video, ["from"] = from, ["to"] = to, ["repair"] = repair };
        var operation = (await AdminApi.Ask(http, HttpMethod.Post, "v1/admin/recount", cancellationToken, wanted))!;
        var id = (string)operation["id"]!;
        await output.WriteLineAsync($"Operation {id} runs.");
        while ((string?)operation["state"] is "running")
        {
            await Task.Delay(AskEvery, clock, cancellationToken);
            operation = (await AdminApi.Ask(http, HttpMethod.Get, $"v1/admin/operations/{id}", cancellationToken))!;
        }

        if (operation["result"] is not { } result) throw new CommandFailedException($"The recount is {operation["state"]}: {operation["reason"]}");
        foreach (var minute in result["minutes"]!.AsArray())
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"{minute!["minute"]!.GetValue<DateTime>():yyyy-MM-ddTHH:mmZ}  {minute["type"]}  counted {minute["counted"]}, recounted {minute["recounted"]}, difference {minute["difference"]}{((bool)minute["repaired"]! ? ", repaired" : "")}"));
        if ((bool)result["truncated"]!) await output.WriteLineAsync($"And more: {result["minutesThatDiffer"]} minutes differ in all. The same recount again goes on with them.");
        foreach (var missing in result["missing"]!.AsArray())
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"The log is missing from {missing!["from"]!.GetValue<DateTime>():u} to {missing["to"]!.GetValue<DateTime>():u}. {missing["reason"]}"));
        await output.WriteLineAsync($"{operation["state"]}: counted {result["counted"]}, recounted {result["recounted"]}, difference {result["difference"]}; {result["minutesThatDiffer"]} minutes differ, {result["minutesRepaired"]} are repaired.");
        return (string?)operation["state"] is "done" && (long)result["minutesThatDiffer"]! == (long)result["minutesRepaired"]! ? 0 : 1;
    }
}
