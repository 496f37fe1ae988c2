using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Counter.Security;

namespace Orleans.Counter.Http;

/// <summary>What all endpoints share: limits, strict JSON, one form of error.</summary>
internal static class HttpStage
{
    private const int BodyBytesMax = 1024 * 1024 + 16 * 1024; // the largest body of the contract, and a little so that its own limit answers first
    private const int HeaderBytesMax = 16 * 1024;

    public static WebApplicationBuilder AddHttp(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = BodyBytesMax;
            kestrel.Limits.MaxRequestHeadersTotalSize = HeaderBytesMax;
            kestrel.Limits.MaxRequestHeaderCount = 64;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.ConfigureEndpointDefaults(OpenDoor.Guard(builder.Configuration));
        });
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            json.SerializerOptions.AllowDuplicateProperties = false;
            json.SerializerOptions.PropertyNameCaseInsensitive = false;
            json.SerializerOptions.RespectNullableAnnotations = true;
            json.SerializerOptions.RespectRequiredConstructorParameters = true;
        });
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<Readiness>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<Readiness>());
        builder.Services.AddSingleton<ILifecycleParticipant<IClusterClientLifecycle>>(services => services.GetRequiredService<Readiness>());
        return builder.AddSecurity();
    }

    public static WebApplication UseHttp(this WebApplication app)
    {
        app.UseSecurityHeaders();
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            StatusCodeSelector = failure => failure switch
            {
                BadHttpRequestException bad => bad.StatusCode,
                TimeoutException => StatusCodes.Status503ServiceUnavailable, // a grain that waits for its storage: later may be better
                StaleWriterException => StatusCodes.Status503ServiceUnavailable, // the video has just moved, and was asked where it had been
                OrleansException => StatusCodes.Status503ServiceUnavailable, // its silo has gone, and nobody knows yet, or there is no other
                OperationCanceledException => StatusCodes.Status503ServiceUnavailable, // a grain that has left in the middle of its work; who asks has not given up, or nobody would be told
                _ => StatusCodes.Status500InternalServerError,
            },
            // The caller's mistake, or a silo that has just gone: answered, and not ours to log as an error.
            SuppressDiagnosticsCallback = context => context.Exception is BadHttpRequestException or OrleansMessageRejectionException,
            ExceptionHandler = context =>
            {
                if (context.Response.StatusCode is StatusCodes.Status503ServiceUnavailable) context.Response.Headers.RetryAfter = ApiProblem.SoonSeconds;
                return ApiProblem.Of(context.Response.StatusCode).ExecuteAsync(context);
            },
        });
        app.UseStatusCodePages(pages => ApiProblem.Of(pages.HttpContext.Response.StatusCode).ExecuteAsync(pages.HttpContext));
        return app.UseSecurity();
    }
}
