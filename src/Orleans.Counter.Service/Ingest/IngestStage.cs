using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Orleans.Counter.Security;

namespace Orleans.Counter.Ingest;

/// <summary>HTTP body -> frames on the hub.</summary>
internal static class IngestStage
{
    // A body over the limit is refused after its first MiB, and the rest read away up to here, so that the caller gets to hear the answer instead of a
    // connection that breaks in the middle of its upload.
    private const int ReadAwayMax = 16 * 1024 * 1024;

    public static IHostApplicationBuilder AddIngest(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<IngestOptions>().BindConfiguration("Ingest").ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<IngestOptions>, IngestOptionsValidator>();
        builder.Services.AddSingleton<WaitingBytes>().AddSingleton<IngestInstruments>().AddSingleton<EventIntake>();
        builder.Services.AddSingleton<FramePublisher>().AddHostedService(services => services.GetRequiredService<FramePublisher>());
        return builder;
    }

    public static IEndpointRouteBuilder MapIngest(this IEndpointRouteBuilder routes)
    {
        var counting = routes.MapGroup("/v1").WithTags("Counting").WithMetadata(new RequestSizeLimitAttribute(ReadAwayMax)).RequireScope(Scope.Ingest).RequireCors(IngestOrigins.Policy);
        counting.MapPost("/events", (HttpRequest request, EventIntake intake) => intake.TakeEvents(request)).WithName("RecordEvents");
        counting.MapPost("/videos/{videoId}/views", (HttpRequest request, string videoId, EventIntake intake) => intake.TakeView(request, videoId))
            .WithName("RecordView");
        return routes;
    }
}
