using Microsoft.Extensions.Options;

namespace Orleans.Counter.Rollup;

/// <summary>Finished days -> month rows and segments.</summary>
internal static class RollupStage
{
    public static IHostApplicationBuilder AddRollup(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<RollupOptions>().BindConfiguration(RollupOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<RollupOptions>, RollupOptionsValidator>().AddSingleton<IValidateOptions<RollupOptions>, RollupFitsAcceptance>();
        builder.Services.AddSingleton(services => new RollupPlan(services.GetRequiredService<IOptions<AcceptanceOptions>>().Value.Window, services.GetRequiredService<IOptions<RollupOptions>>().Value));
        builder.Services.AddSingleton<RollupInstruments>().AddSingleton<RollupGate>();
        builder.Services.AddHostedService<RollupStart>();
        return builder;
    }
}
