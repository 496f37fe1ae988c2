using System.Threading.Channels;
using Amqp;
using Microsoft.Extensions.Logging;

namespace Orleans.Counter.EventHubs;

/// <summary>Sends to one partition, or to whichever the service chooses, in the order of the calls. Attaches at the first need, and again after the service has dropped an idle link.</summary>
internal sealed class AmqpSender : IAsyncDisposable
{
    private readonly string? _partitionId;
    private readonly string _doing;
    private readonly Reopened<AmqpScope> _scope;
    private readonly Deadline _deadline;
    private readonly ILogger _logger;
    private readonly Channel<PendingSend> _queue = Channel.CreateUnbounded<PendingSend>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _writing;

    public AmqpSender(string? partitionId, Reopened<AmqpScope> scope, Deadline deadline, ILogger logger)
    {
        _partitionId = partitionId;
        _doing = partitionId is null ? "Send to the hub" : $"Send to partition {partitionId}";
        _scope = scope;
        _deadline = deadline;
        _logger = logger;
        _writing = Task.Run(WriteAll);
    }

    private string Partition => _partitionId ?? "(any)";

    public async Task Send(EventData data, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested(); // Queued, it could be written before the wait below notices.
        var send = new PendingSend(_doing, data);
        var started = _deadline.Time.GetTimestamp();
        ObjectDisposedException.ThrowIf(!_queue.Writer.TryWrite(send), typeof(AmqpEventHub));
        try
        {
            await send.Answer.WaitAsync(_deadline.Timeout, _deadline.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            send.GiveUp();
            throw;
        }
        catch (TimeoutException exception)
        {
            if (send.GiveUp() is { IsClosed: false } link)
            {
                // What waits on this link for credit must not be sent long after its sender was told that it failed.
                _logger.SendUnanswered(Partition, _deadline.Timeout);
                AmqpConnection.End(link.Session);
                _scope.Current?.Unanswered(started, $"no answer to: {_doing}");
            }

            throw _deadline.TimedOut(_doing, exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writing.ConfigureAwait(false);
    }

    // The only writer: so the order of the queue is the order on the wire, also across an attach.
    private async Task WriteAll()
    {
        Attached<SenderLink> attached = default;
        await foreach (var send in _queue.Reader.ReadAllAsync().ConfigureAwait(false)) attached = await Write(send, attached).ConfigureAwait(false);
        if (attached.Link is { IsClosed: false } last) AmqpConnection.End(last.Session);
    }

    private async Task<Attached<SenderLink>> Write(PendingSend send, Attached<SenderLink> attached)
    {
        try
        {
            if (!IsUsable(attached.Link)) attached = await Attach().ConfigureAwait(false);
            try
            {
                send.Write(attached.Link, attached.Answer.MaxMessageSize);
            }
            catch (Exception exception) when (exception is AmqpException or ObjectDisposedException)
            {
                // It ended under our hands, as idle links do. Once more, on a new one.
                attached = await Attach().ConfigureAwait(false);
                send.Write(attached.Link, attached.Answer.MaxMessageSize);
            }
        }
        catch (Exception exception)
        {
            FailAll(send, Failures.From(exception, _doing));
        }

        return attached;
    }

    private static bool IsUsable(SenderLink? link) => link is { IsClosed: false, LinkState: LinkState.Attached, Session.IsClosed: false };

    private async Task<Attached<SenderLink>> Attach()
    {
        var scope = await _scope.Get().ConfigureAwait(false);
        var attached = await scope.AttachSender(_partitionId).ConfigureAwait(false);
        _logger.SenderAttached(Partition, attached.Answer.MaxMessageSize);
        attached.Link.AddClosedCallback((_, error) => _logger.SenderDetached(Partition, error?.Condition, error?.Description));
        return attached;
    }

    // They all waited for the same link; asking again for each would keep the last one waiting for the sum.
    private void FailAll(PendingSend first, EventHubsException failure)
    {
        var count = 1;
        first.Fail(failure);
        while (_queue.Reader.TryRead(out var send))
        {
            send.Fail(failure);
            count++;
        }

        _logger.SenderNotAttached(failure, Partition, count);
    }
}
