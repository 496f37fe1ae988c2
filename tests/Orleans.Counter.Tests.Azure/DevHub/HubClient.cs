using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace Orleans.Counter.Tests.Azure.Dev;

/// <summary>A plain AMQP client: one connection and session to an endpoint on this machine.</summary>
internal sealed class HubClient : IAsyncDisposable
{
    public const uint BatchFormat = 0x80013700;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static int _links;

    private readonly Connection _connection;
    private readonly Session _session;

    private HubClient(Connection connection) => (_connection, _session) = (connection, new Session(connection));

    public static async Task<HubClient> Open(int port, string key = "SAS_KEY_VALUE") =>
        new(await Connection.Factory.CreateAsync(new Address("localhost", port, "RootManageSharedAccessKey", key, "/", "amqp")));

    /// <summary>A link that sends to an address.</summary>
    /// <exception cref="AmqpException">The endpoint refused it.</exception>
    public async Task<SenderLink> Sender(string address)
    {
        var attached = new TaskCompletionSource<Attach>(TaskCreationOptions.RunContinuationsAsynchronously);
        var link = new SenderLink(
            _session, LinkName(), new Attach { Source = new Source(), Target = new Target { Address = address } }, (_, reply) => attached.TrySetResult(reply));
        await Attached(link, attached, attach => ((Target?)attach.Target)?.Address is not null);
        return link;
    }

    /// <summary>A reader of a partition, without credit yet. A selector is like <c>amqp.annotation.x-opt-offset > '-1'</c>.</summary>
    /// <exception cref="AmqpException">The endpoint refused it.</exception>
    public async Task<ReceiverLink> Reader(
        string hub, int partition, string? selector = null, long? epoch = null, string group = "$Default", bool metrics = false, bool settled = false)
    {
        var source = new Source { Address = $"{hub}/ConsumerGroups/{group}/Partitions/{partition}" };
        if (selector is not null)
        {
            var name = new Symbol("apache.org:selector-filter:string");
            source.FilterSet = new Map { [name] = new DescribedValue(name, selector) };
        }

        var attach = new Attach { Source = source, Target = new Target(), SndSettleMode = settled ? SenderSettleMode.Settled : SenderSettleMode.Unsettled };
        if (epoch is not null)
            attach.Properties = new Fields { [new Symbol("com.microsoft:epoch")] = epoch };
        if (metrics)
            attach.DesiredCapabilities = [new Symbol("com.microsoft:enable-receiver-runtime-metric")];
        var attached = new TaskCompletionSource<Attach>(TaskCreationOptions.RunContinuationsAsynchronously);
        var link = new ReceiverLink(_session, LinkName(), attach, (_, answer) => attached.TrySetResult(answer));
        await Attached(link, attached, answer => answer.Source is not null);
        return link;
    }

    /// <summary>Asks <c>$management</c>.</summary>
    public async Task<Message> Read(string type, string name, string? partition = null)
    {
        var replyTo = LinkName();
        var attach = new Attach { Source = new Source { Address = "$management" }, Target = new Target { Address = replyTo } };
        var receiver = new ReceiverLink(_session, replyTo, attach, null);
        var sender = await Sender("$management");
        var request = new Message { Properties = new Properties { MessageId = "1", ReplyTo = replyTo } };
        request.ApplicationProperties = new ApplicationProperties { ["operation"] = "READ", ["type"] = "com.microsoft:" + type, ["name"] = name };
        if (partition is not null)
            request.ApplicationProperties["partition"] = partition;
        await sender.SendAsync(request, Patience);
        var answer = await Next(receiver);
        await receiver.CloseAsync();
        await sender.CloseAsync();
        return answer;
    }

    /// <summary>The next event of a reader, accepted.</summary>
    public static async Task<Message> Next(ReceiverLink reader)
    {
        var message = await reader.ReceiveAsync(Patience) ?? throw new TimeoutException($"Nothing came over link '{reader.Name}'.");
        reader.Accept(message);
        return message;
    }

    public static async Task<List<Message>> Next(ReceiverLink reader, int count)
    {
        var messages = new List<Message>(count);
        while (messages.Count < count)
            messages.Add(await Next(reader));
        return messages;
    }

    /// <summary>Why the endpoint ended a link.</summary>
    public static async Task<Error> Ended(Link link)
    {
        var ended = new TaskCompletionSource<Error>(TaskCreationOptions.RunContinuationsAsynchronously);
        link.AddClosedCallback((_, error) => ended.TrySetResult(error));
        return await ended.Task.WaitAsync(Patience);
    }

    public static Message Event(params byte[] body) => new() { BodySection = new Data { Binary = body } };

    public static Message Batch(IEnumerable<Message> events)
    {
        var list = new DataList();
        foreach (var one in events)
        {
            var bytes = one.Encode();
            list.Add(new Data { Binary = bytes.Buffer.AsSpan(bytes.Offset, bytes.Length).ToArray() });
        }

        return new Message { BodySection = list, Format = BatchFormat };
    }

    public static long Sequence(Message message) => (long)message.MessageAnnotations[new Symbol("x-opt-sequence-number")];

    public static string Offset(Message message) => (string)message.MessageAnnotations[new Symbol("x-opt-offset")];

    public static DateTime EnqueuedTime(Message message) => (DateTime)message.MessageAnnotations[new Symbol("x-opt-enqueued-time")];

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _connection.CloseAsync();
        }
        catch (AmqpException)
        {
            // The endpoint was stopped first.
        }
    }

    private static string LinkName() => "test-" + Interlocked.Increment(ref _links);

    // A refusal comes as an attach without the terminus that was asked for, and then a detach that says why.
    private static async Task Attached(Link link, TaskCompletionSource<Attach> attached, Func<Attach, bool> accepted)
    {
        link.AddClosedCallback((_, error) =>
            attached.TrySetException(error is null ? new InvalidOperationException("The link was closed.") : new AmqpException(error)));
        if (!accepted(await attached.Task.WaitAsync(Patience)))
            throw new AmqpException(await Ended(link));
    }
}
