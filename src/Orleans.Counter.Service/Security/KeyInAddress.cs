using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace Orleans.Counter.Security;

/// <summary>The key that stood in the address of a request; a feature of the request, which does not have it in its address any more.</summary>
internal sealed record KeyInAddress(string Key)
{
    public const string Parameter = "key";

    /// <summary>Takes <c>?key=</c> out of the address.</summary>
    public static void TakeOut(IFeatureCollection features)
    {
        if (features.Get<IHttpRequestFeature>() is not { QueryString: { Length: > 1 } query } request) return;
        var (key, rest) = ((string?)null, new StringBuilder());
        foreach (var pair in new QueryStringEnumerable(query))
        {
            if (pair.DecodeName().Span.Equals(Parameter, StringComparison.OrdinalIgnoreCase)) key = pair.DecodeValue().ToString();
            else rest.Append(rest.Length is 0 ? '?' : '&').Append(pair.EncodedName.Span).Append('=').Append(pair.EncodedValue.Span);
        }

        if (key is null) return;
        var path = request.RawTarget.IndexOf('?', StringComparison.Ordinal) is >= 0 and var end ? request.RawTarget[..end] : request.RawTarget;
        (request.QueryString, request.RawTarget) = (rest.ToString(), path + rest);
        features.Set(new KeyInAddress(key));
    }
}

/// <summary>The web server, behind which no address has a key in it: not for logs, not for traces, not for whoever comes after them.</summary>
/// <remarks>A middleware would be too late: hosting logs the request, and begins its trace, before the first one.</remarks>
internal sealed class KeylessServer(IServer server) : IServer
{
    public IFeatureCollection Features => server.Features;

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull => server.StartAsync(new Keyless<TContext>(application), cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => server.StopAsync(cancellationToken);

    public void Dispose() => server.Dispose();

    private sealed class Keyless<TContext>(IHttpApplication<TContext> application) : IHttpApplication<TContext>
        where TContext : notnull
    {
        public TContext CreateContext(IFeatureCollection contextFeatures)
        {
            KeyInAddress.TakeOut(contextFeatures);
            return application.CreateContext(contextFeatures);
        }

        public Task ProcessRequestAsync(TContext context) => application.ProcessRequestAsync(context);

        public void DisposeContext(TContext context, Exception? exception) => application.DisposeContext(context, exception);
    }
}
