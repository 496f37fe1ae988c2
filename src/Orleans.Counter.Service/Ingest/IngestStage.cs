using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Orleans.Counter.Http;
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
        builder.Services.Configure<OpenApiOptions>(ApiDocument.Name, document => document.AddSchemaTransformer(EventNotes.NameCodes));
        builder.Services.AddSingleton<FramePublisher>().AddHostedService(services => services.GetRequiredService<FramePublisher>());
        return builder;
    }

    public static IEndpointRouteBuilder MapIngest(this IEndpointRouteBuilder routes)
    {
        var counting = routes.MapGroup("/v1").WithTags("Counting").WithMetadata(new RequestSizeLimitAttribute(ReadAwayMax)).RequireScope(Scope.Ingest).RequireCors(IngestOrigins.Policy);
        counting.Explains([EventNotes.Video]).Refuses(EventNotes.Codes).WithMetadata(EventNotes.Rejected)
            .Tells(StatusCodes.Status202Accepted, CounterAck.Header, "A token: a question with `?ack=` and its value waits until these events can be seen.");
        counting.MapPost("/events", Events).WithName("RecordEvents").Produces<EventsAnswer>(StatusCodes.Status202Accepted).Refuses("too_many_events")
            .Reads($"1 to {EventRules.EventsMax:N0} events, together at most {EventIntake.EventsBodyMax:N0} bytes.", isRequired: true, EventNotes.Events);
        counting.MapPost("/videos/{videoId}/views", View).WithName("RecordView").Produces<EventsAnswer>(StatusCodes.Status202Accepted)
            .Reads($"May be empty; at most {EventIntake.ViewBodyMax:N0} bytes.", isRequired: false, EventNotes.OneView);
        return routes;
    }

    /// <summary>Takes events.</summary>
    /// <remarks>
    /// 202 says that the log has every event that is not `rejected`: it will be counted once, recognised as a repeat, or set aside with a reason. A rejected one never will be. After 503, or without an answer, send the request again
    /// with the same ids.
    /// </remarks>
    internal static Task<IResult> Events(HttpRequest request, EventIntake intake) => intake.TakeEvents(request);

    /// <summary>Takes one view of a video.</summary>
    internal static Task<IResult> View(HttpRequest request, string videoId, EventIntake intake) => intake.TakeView(request, videoId);
}
