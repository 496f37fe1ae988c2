namespace Orleans.Counter.Client;

/// <summary>How patient a <see cref="CounterClient"/> is.</summary>
public sealed record CounterClientOptions
{
    /// <summary>How long one request may take before it is given up and tried again. Must be positive.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a request is sent again, 0 or more. More outlasts a longer outage; the caller waits that much longer for the bad news.</summary>
    public int RetriesMax { get; init; } = 8;

    /// <summary>The wait before the first retry, on average; every further wait is twice as long. Must be positive.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest wait before a retry, unless the service asks for more in <c>Retry-After</c>.</summary>
    public TimeSpan RetryDelayMax { get; init; } = TimeSpan.FromSeconds(10);
}
