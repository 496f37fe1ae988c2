using Orleans.Counter.Storage;
using Orleans.Counter.Streaming;

namespace Orleans.Counter;

/// <summary><c>log advance [--accept-loss]</c> instead of a service: with the settings of the service, and nothing running.</summary>
internal static class LogCommand
{
    public static bool IsAsked(string[] args) => args is ["log", "advance", ..];

    /// <returns>0 if the service can start now.</returns>
    public static async Task<int> Run(string[] args)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration[nameof(Role)] = "api"; // Knows where silos would answer, and is none.
        builder.AddCluster(Role.Read(builder.Configuration));
        builder.AddEventHub();
        builder.AddStorage();
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton<LogIdentity>().AddSingleton<LogCheck>().AddSingleton<LogAdvance>();
        using var host = builder.Build(); // Never started.
        try
        {
            await Console.Out.WriteLineAsync(await host.Services.GetRequiredService<LogAdvance>().Run(args.Contains("--accept-loss"), CancellationToken.None));
            return 0;
        }
        catch (LogAdvanceException refusal)
        {
            await Console.Error.WriteLineAsync(refusal.Message);
            return 1;
        }
    }
}
