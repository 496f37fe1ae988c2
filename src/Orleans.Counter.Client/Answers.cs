using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Orleans.Counter.Client;

internal sealed record CountAnswer(long Count);

/// <summary>RFC 9457, with the counter's <c>code</c> and, where no event was acceptable, <c>rejected</c>.</summary>
internal sealed record Problem(string? Code, string? Detail, string? Title, JsonElement? Rejected)
{
    /// <summary>What the service has rejected, one by one; null if this is no answer to such a request.</summary>
    public IReadOnlyList<T>? Each<T>(JsonTypeInfo<IReadOnlyList<T>> shape)
    {
        try
        {
            return Rejected?.Deserialize(shape);
        }
        catch (JsonException)
        {
            return null; // Not the counter's.
        }
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true)]
[JsonSerializable(typeof(Audit))]
[JsonSerializable(typeof(CountAnswer))]
[JsonSerializable(typeof(HistoryResult))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(SendResult))]
[JsonSerializable(typeof(IReadOnlyList<Rejection>))]
[JsonSerializable(typeof(IReadOnlyList<RejectedMinute>))]
[JsonSerializable(typeof(Series))]
internal sealed partial class Answers : JsonSerializerContext
{
    /// <summary>What a refusal says; all null when it is not the counter that speaks, but a proxy before it.</summary>
    public static async Task<Problem> ReadProblem(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType is "application/problem+json")
            try
            {
                await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
                if (await JsonSerializer.DeserializeAsync(body, Default.Problem, cancellationToken) is { } problem) return problem;
            }
            catch (JsonException)
            {
                // Cut off or garbled on its way: the status alone still says what happened.
            }
        return new(null, null, null, null);
    }

    public static CounterException Refusal(HttpStatusCode status, Problem problem) => new(status, problem.Code, problem.Detail ?? problem.Title);
}
