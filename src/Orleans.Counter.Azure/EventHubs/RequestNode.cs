using System.Collections.Concurrent;
using System.Globalization;
using Amqp;
using Amqp.Framing;

namespace Orleans.Counter.EventHubs;

/// <summary>A node of the service that answers requests: <c>$cbs</c>, <c>$management</c>. A link each way, attached again if the service drops one.</summary>
internal sealed class RequestNode
{
    // Answers are small and awaited; this many may be under way at once.
    private const int Credit = 100;

    private readonly AmqpConnection _connection;
    private readonly string _address;
    private readonly Reopened<Pair> _pair;
    private long _lastId;

    public RequestNode(AmqpConnection connection, string address)
    {
        _connection = connection;
        _address = address;
        _pair = new(Attach, pair => pair.IsOpen);
    }

    /// <summary>Sends a request and returns its answer, whatever its status is.</summary>
    /// <exception cref="EventHubsException">No answer.</exception>
    public async Task<Message> Ask(Message request, string doing)
    {
        var pair = await _pair.Get().ConfigureAwait(false);
        var id = Interlocked.Increment(ref _lastId).ToString(CultureInfo.InvariantCulture);
        request.Properties = new Properties { MessageId = id, To = _address, ReplyTo = pair.ReplyTo };

        var answer = pair.Expect(id, doing);
        var started = _connection.Deadline.Time.GetTimestamp();
        try
        {
            pair.Requests.Send(request, null, null);
            return await _connection.Deadline.For(answer, doing).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            var failure = Failures.From(exception, doing);
            if (failure.Failure == EventHubsFailure.ServiceTimeout) _connection.Unanswered(started, doing);
            throw failure;
        }
        finally
        {
            pair.Forget(id);
        }
    }

    private async Task<Pair> Attach()
    {
        var name = $"{_address}-{Guid.NewGuid():N}";
        var doing = $"Attach to {_address}";
        var requests = await _connection.Attach(
            (session, attached) => new SenderLink(session, name, new Attach
            {
                Source = new Source { Address = name },
                Target = new Target { Address = _address },
            }, attached),
            doing).ConfigureAwait(false);
        try
        {
            var answers = await _connection.Attach(
                (session, attached) => new ReceiverLink(session, name, new Attach
                {
                    Source = new Source { Address = _address },
                    Target = new Target { Address = name },
                    SndSettleMode = SenderSettleMode.Settled,
                }, attached),
                doing).ConfigureAwait(false);
            return new Pair(requests.Link, answers.Link, name);
        }
        catch (EventHubsException)
        {
            AmqpConnection.End(requests.Link.Session);
            throw;
        }
    }

    private sealed class Pair
    {
        private readonly ConcurrentDictionary<string, (TaskCompletionSource<Message> Answer, string Doing)> _expected = new();
        private Error? _error;
        private volatile bool _closed;

        public Pair(SenderLink requests, ReceiverLink answers, string replyTo)
        {
            Requests = requests;
            ReplyTo = replyTo;
            requests.AddClosedCallback(OnClosed);
            answers.AddClosedCallback(OnClosed);
            answers.Start(Credit, OnMessage);
        }

        public SenderLink Requests { get; }

        public string ReplyTo { get; }

        public bool IsOpen => !_closed;

        public Task<Message> Expect(string id, string doing)
        {
            var answer = new TaskCompletionSource<Message>(TaskCreationOptions.RunContinuationsAsynchronously);
            _expected[id] = (answer, doing);
            if (_closed) answer.TrySetException(Failures.From(_error, doing)); // closed in between: nobody else would say so
            return answer.Task;
        }

        public void Forget(string id) => _expected.TryRemove(id, out _);

        private void OnMessage(IReceiverLink link, Message message)
        {
            AmqpConnection.Accept(link, message);
            if (message.Properties?.GetCorrelationId() is string id && _expected.TryGetValue(id, out var expected)) expected.Answer.TrySetResult(message);
        }

        private void OnClosed(IAmqpObject sender, Error? error)
        {
            _error = error;
            _closed = true;
            foreach (var (_, (answer, doing)) in _expected) answer.TrySetException(Failures.From(error, doing));
        }
    }
}
