namespace Orleans.Counter.Tests.Azure;

/// <summary>Waits for something that nobody tells us about, such as an answer of another process, by asking again until it holds.</summary>
internal static class Eventually
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(25);

    /// <summary>Asks until the answer is as wished, and fails with the last one when that takes too long. A service that is away is asked again.</summary>
    /// <param name="ask">The question.</param>
    /// <param name="wish">True for the answer that ends the waiting.</param>
    /// <param name="patience">30 seconds if not given.</param>
    /// <returns>The answer that was as wished.</returns>
    public static async Task<T> Answers<T>(Func<CancellationToken, Task<T>> ask, Func<T, bool> wish, TimeSpan? patience = null)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Xunit.TestContext.Current.CancellationToken);
        deadline.CancelAfter(patience ?? TimeSpan.FromSeconds(30));
        object? last = null;
        while (true)
        {
            try
            {
                var answer = await ask(deadline.Token);
                if (wish(answer)) return answer;
                last = answer;
                await Task.Delay(AskEvery, deadline.Token);
            }
            catch (HttpRequestException away) when (!deadline.IsCancellationRequested)
            {
                last = away.Message;
            }
            catch (OperationCanceledException late) when (deadline.IsCancellationRequested)
            {
                throw new TimeoutException($"Waited in vain; the last answer was: {last ?? "none"}", late);
            }
        }
    }
}
