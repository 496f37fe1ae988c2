using Microsoft.Extensions.Options;

namespace Orleans.Counter.Counting;

/// <summary>Entries -> changed rows.</summary>
internal static class CountingStage
{
    public static IHostApplicationBuilder AddCounting(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<CountingOptions>().BindConfiguration(CountingOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<CountingOptions>, CountingOptionsValidator>();
        builder.Services.AddSingleton<CountingInstruments>().AddSingleton<CountingGates>();
        return builder;
    }
}
