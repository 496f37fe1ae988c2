using Microsoft.Extensions.Options;
using Orleans.Counter.Ingest;

namespace Orleans.Counter.Known;

/// <summary>A video -> whether it is known. Does nothing until somebody asks.</summary>
internal static class KnownStage
{
    public static IHostApplicationBuilder AddKnown(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<KnownOptions>().BindConfiguration(KnownOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<KnownOptions>, KnownOptionsValidator>();
        builder.Services.AddSingleton<KnownInstruments>().AddSingleton<IKnownVideos, KnownVideos>();
        return builder;
    }
}
