using Azure.Core;
using Azure.Core.Pipeline;

namespace Orleans.Counter.Tests.Azure.Clustering;

/// <summary>Something happens whenever a query is about to ask for a page that is not its first.</summary>
internal sealed class BetweenPages : HttpPipelinePolicy
{
    /// <summary>Told how many times it happened before.</summary>
    public Func<int, Task> Happens { get; set; } = _ => Task.CompletedTask;

    public int Times { get; private set; }

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        if (message.Request.Uri.Query.Contains("NextRowKey", StringComparison.OrdinalIgnoreCase)) await Happens(Times++);
        await ProcessNextAsync(message, pipeline);
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException("Nobody waits without a task.");
}
