using System.Net;

namespace Orleans.Counter.Client;

/// <summary>The service refused a request, or could not be reached after all retries.</summary>
/// <remarks>
/// When a send fails with <see cref="IsTransient"/>, nobody knows whether its events were taken: send them again with the same ids.
/// </remarks>
public sealed class CounterException : Exception
{
    internal CounterException(string message, Exception innerException) : base(message, innerException)
    {
    }

    internal CounterException(HttpStatusCode status, string? code, string? detail)
        : base($"The counter answered {(int)status} {code ?? status.ToString()}{(detail is null ? "." : $": {detail}")}")
    {
        Status = status;
        Code = code;
        Detail = detail;
    }

    /// <summary>The HTTP status; null if there was no answer.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>The stable, machine-readable reason, such as <c>body_too_large</c>; null if there was no answer, or one that was not the counter's.</summary>
    public string? Code { get; }

    /// <summary>The reason in words; null if the answer had none.</summary>
    public string? Detail { get; }

    /// <summary>True if the same call may succeed later: no answer, too many requests, or a part that is down.</summary>
    public bool IsTransient => Status is null || Retries.IsTransient(Status.Value);
}
