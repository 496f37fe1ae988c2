using System.CommandLine;
using Orleans.Counter.Cli.Rollups;

namespace Orleans.Counter.Cli.Commands;

/// <summary><c>counter rollups</c>: how far finished days are on their way into the archive, and what holds them back.</summary>
internal static class RollupsCommand
{
    public static Command Create()
    {
        var url = ServiceUrl.Option();
        var key = ServiceKey.Option("admin");
        var days = new Option<int>("--days") { Description = "How many of the last days of each group to show, too." };
        var json = new Option<bool>("--json") { Description = "The answer of the service as it is." };
        days.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 1_000) result.AddError("--days is 0 to 1000.");
        });
        var command = new Command("rollups", "How far finished days are on their way into month rows and segments.") { url, key, days, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var http = await AdminApi.Open(parsed.GetRequiredValue(url).Single(), parsed.GetValue(key), cancellationToken);
            return await new RollupTable(http, parsed.InvocationConfiguration.Output).Show(parsed.GetValue(days), parsed.GetValue(json), cancellationToken);
        });
        return command;
    }
}
