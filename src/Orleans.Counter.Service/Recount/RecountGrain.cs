using System.Text.Json;
using Microsoft.Extensions.Options;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Recount;

// The work goes on beside calls, in the activation's turns, and ends with it: an activation that ends waits for the tick of a timer, however long it takes, and would hold up a silo that stops. What is found is written down before
// anything is repaired: a repair that broke off goes on with what was found, and what was repaired already is known by its id. Everything else may begin anew.
[GrainType("recount")]
internal sealed partial class RecountGrain(IOperationStore operations, RecountRun run, RecountGate gate, TimeProvider clock, ILogger<RecountGrain> logger) : Grain, IRecountGrain, IDisposable
{
    private const int AttemptsMax = 8;

    /// <summary>Longer than any recount takes: it ends when nobody asks any more, too.</summary>
    private static readonly TimeSpan AwakeFor = TimeSpan.FromDays(1);

    private readonly CancellationTokenSource _ending = new();

    private Operation? _operation;
    private RowVersion? _version;
    private Task? _loading;
    private bool _isAtWork;

    public async ValueTask<Operation> Begin(VideoId video, Minute from, Minute to, bool repair, CancellationToken cancellationToken)
    {
        var operation = new Operation(this.GetPrimaryKeyString(), Operation.Running, video.Value, from.Start.UtcDateTime, to.Start.UtcDateTime, repair, clock.GetUtcNow().UtcDateTime);
        await Save(operation, cancellationToken);
        Start();
        return operation;
    }

    public async ValueTask<Operation?> Ask(CancellationToken cancellationToken)
    {
        if (_operation is null) await (_loading ??= Load());
        if (_operation is { State: Operation.Running }) Start();
        return _operation;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _ending.CancelAsync();

    /// <summary>After it has ended.</summary>
    public void Dispose() => _ending.Dispose();

    private async Task Load()
    {
        try
        {
            if (await operations.Read(this.GetPrimaryKeyString(), CancellationToken.None) is not { } stands) return;
            (_operation, _version) = (JsonSerializer.Deserialize<Operation>(stands.Row.Span, JsonSerializerOptions.Web), stands.Version);
        }
        finally
        {
            _loading = null;
        }
    }

    private async Task Save(Operation operation, CancellationToken cancellationToken)
    {
        _version = await operations.Write(operation.Id, JsonSerializer.SerializeToUtf8Bytes(operation, JsonSerializerOptions.Web), _version, cancellationToken);
        _operation = operation;
    }

    private void Start()
    {
        if (_isAtWork) return;
        _isAtWork = true;
        DelayDeactivation(AwakeFor);
        _ = Work(_ending.Token); // It catches whatever happens.
    }

    private async Task Work(CancellationToken cancellationToken)
    {
        try
        {
            await gate.Turns.WaitAsync(cancellationToken);
            try
            {
                for (var attempt = 1; !await TryWork(attempt, cancellationToken); attempt++) await Task.Delay(TimeSpan.FromSeconds(attempt), clock, cancellationToken);
            }
            finally
            {
                gate.Turns.Release();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The silo, or the activation, ends. It goes on to say that it runs, and whoever asks next has it begin anew.
        }
        catch (Exception exception)
        {
            // Another activation has taken it over, or the operations cannot be written: what stands there is read when somebody asks.
            LogLost(exception, this.GetPrimaryKeyString());
            DeactivateOnIdle();
        }
        finally
        {
            _isAtWork = false;
            DelayDeactivation(TimeSpan.Zero);
        }
    }

    /// <returns>False if it is worth to try again: a silo, the hub or the storage may be back then, and nobody change the video.</returns>
    private async Task<bool> TryWork(int attempt, CancellationToken cancellationToken)
    {
        var operation = _operation!;
        try
        {
            if (operation.Result is null)
                operation = operation with { Result = await run.Compare(VideoId.Parse(operation.VideoId), operation.Range, cancellationToken) };
            var result = operation.Result;
            if (operation.Repair && result.Missing.Count == 0 && result.Minutes.Count > 0)
            {
                await Save(operation, cancellationToken);
                operation = operation with { Result = result = await run.Repair(operation, result, cancellationToken) };
            }

            operation = operation with { State = result.Missing.Count == 0 ? Operation.Done : Operation.Incomplete };
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            if (attempt < AttemptsMax && MayPass(failure, cancellationToken)) return false;
            LogFailed(failure, operation.Id);
            operation = operation with { State = Operation.Failed, Reason = failure.Message };
        }

        await Save(operation with { EndedAt = clock.GetUtcNow().UtcDateTime }, cancellationToken);
        LogEnded(operation.Id, operation.VideoId, operation.State, operation.Result?.MinutesThatDiffer, operation.Result?.MinutesRepaired);
        return true;
    }

    private static bool MayPass(Exception failure, CancellationToken cancellationToken) =>
        failure is StaleWriterException or OrleansException || failure is EventHubsException { IsTransient: true } || Patience.MayPass(failure, cancellationToken);

    [LoggerMessage(Level = LogLevel.Information, Message = "Recount {Id} of {Video} is {State}: {Differ} minutes differ, {Repaired} were repaired.")]
    private partial void LogEnded(string id, string video, string state, int? differ, int? repaired);

    [LoggerMessage(Level = LogLevel.Error, Message = "Recount {Id} has failed.")]
    private partial void LogFailed(Exception exception, string id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Recount {Id} has lost what it was about to write down; it goes on when somebody asks after it.")]
    private partial void LogLost(Exception exception, string id);
}

/// <summary>How many recounts this silo works on at once; the others wait.</summary>
internal sealed class RecountGate(IOptions<RecountOptions> options)
{
    public SemaphoreSlim Turns { get; } = new(options.Value.AtOnce);
}
