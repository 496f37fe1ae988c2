using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;

namespace Orleans.Counter.Tables;

/// <summary>What both tables need of Azure Table storage: keys, errors, and transactions of a size that it takes.</summary>
internal static class AzureTables
{
    private const int ActionsMax = 100;
    private const int KeyLengthMax = 1023;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>The text without the characters that a key may not hold. Two texts may become one key.</summary>
    public static string Sanitized(string key)
    {
        key = key.Replace('/', '_').Replace('\\', '_').Replace('#', '_').Replace('?', '_');
        return key.Length <= KeyLengthMax ? key : throw new ArgumentException($"A key of Azure Table storage has at most {KeyLengthMax} characters, not {key.Length}: '{key}'.", nameof(key));
    }

    /// <summary>True if somebody else's write came first: the row changed, is there already, or is gone.</summary>
    public static bool IsContention(RequestFailedException failed) => failed.Status is 404 or 409 or 412;

    /// <summary>A time as Orleans prints it into a column.</summary>
    public static DateTime Time(string text) => DateTime.SpecifyKind(LogFormatter.ParseDate(text), DateTimeKind.Utc);

    /// <summary>Makes the table if it does not exist.</summary>
    public static Task Prepare(this TableClient table, TimeProvider clock, ILogger logger, CancellationToken cancellationToken) =>
        table.Prepare(() => Task.CompletedTask, clock, logger, cancellationToken);

    /// <summary>Makes the table if it does not exist, and does what else a start needs, if need be more than once.</summary>
    /// <remarks>While the storage is away it waits: Orleans does not call again, and the silo would end at its start.</remarks>
    public static async Task Prepare(this TableClient table, Func<Task> also, TimeProvider clock, ILogger logger, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await table.CreateIfNotExistsAsync(cancellationToken);
                await also();
                return;
            }
            catch (Exception exception) when (IsAway(exception))
            {
                cancellationToken.ThrowIfCancellationRequested(); // Given up just as the storage failed: it is the caller's end, not the storage's.
                logger.StorageAway(table.Name, exception.Message);
                await Task.Delay(Pause, clock, cancellationToken);
            }
        }
    }

    /// <summary>Deletes rows of one partition, a hundred at a time, each only if it has not changed since it was read.</summary>
    public static async Task Delete(this TableClient table, IEnumerable<TableEntity> rows, CancellationToken cancellationToken)
    {
        foreach (var batch in rows.Chunk(ActionsMax))
            await table.SubmitTransactionAsync(batch.Select(row => new TableTransactionAction(TableTransactionActionType.Delete, row, row.ETag)), cancellationToken);
    }

    // No answer, throttled, or a fault of the service; or the client's own time-out.
    private static bool IsAway(Exception exception) => exception switch
    {
        RequestFailedException failed => failed.Status is 0 or 408 or 429 or >= 500,
        AggregateException several => several.InnerExceptions.All(IsAway),
        OperationCanceledException or IOException or HttpRequestException => true,
        _ => false,
    };
}
