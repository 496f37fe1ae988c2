using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Amqp.Types;
using Orleans.Counter.Dev.Hubs;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>What a node answers: a status as in HTTP, a text for people, what was asked for, and the AMQP name of the error.</summary>
internal sealed record Answer(int Status, string Description, Map? Body = null, string? Condition = null);

/// <summary>A node that takes requests on one link and answers on another: <c>$cbs</c> and <c>$management</c>.</summary>
internal sealed class RequestNode(string name, ReplyLinks replies, Func<Map, object?, Answer> answer)
{
    private const int Credit = 100;

    public void Attach(ListenerLink link, Attach attach)
    {
        if (attach.Role)
            replies.Add(link, name, attach);
        else
            link.InitializeReceiver(Credit, OnRequest, null);
    }

    private void OnRequest(ListenerLink link, Message raw, DeliveryState deliveryState, object state)
    {
        Message request;
        try
        {
            request = ((RawMessage)raw).Decoded();
        }
        catch (Exception e)
        {
            // Whatever the library's decoder throws: an exception here would end the whole connection for one bad message.
            link.DisposeMessage(raw, new Rejected { Error = Refusals.Error(ErrorCode.DecodeError, e.Message) }, true);
            return;
        }

        link.DisposeMessage(raw, new Accepted(), true);
        var given = answer(request.ApplicationProperties?.Map ?? new Map(), request.BodySection is null ? null : request.Body);
        replies.Find(name, request.Properties?.ReplyTo, link.Session)?.Send(Compose(given, request.Properties));
    }

    private static Message Compose(Answer given, Properties? request)
    {
        var message = new Message
        {
            Properties = new Properties(),
            ApplicationProperties = new ApplicationProperties
            {
                ["status-code"] = given.Status,
                ["status-description"] = given.Description,
            },
            BodySection = new AmqpValue { Value = (object?)given.Body ?? given.Description },
        };

        // Of the type that the request has: the Python client sends a UUID.
        if (request?.GetMessageId() is { } id)
            message.Properties.SetCorrelationId(id);
        if (given.Condition is not null)
            message.ApplicationProperties["error-condition"] = new Symbol(given.Condition);
        return message;
    }
}
