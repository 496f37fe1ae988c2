using System.Net.Sockets;
using System.Security.Authentication;
using Amqp;
using Amqp.Framing;
using Orleans.Counter.EventHubs;
using Xunit;

namespace Orleans.Counter.Tests.EventHubs;

public sealed class FailuresTests
{
    [Theory]
    [InlineData("amqp:unauthorized-access", "no claim", EventHubsFailure.Unauthorized)]
    [InlineData("amqp:not-found", "The messaging entity 'sb://x/y' could not be found.", EventHubsFailure.ResourceNotFound)]
    [InlineData("amqp:not-found", "The link handle 3 is unknown.", EventHubsFailure.Communication)]
    [InlineData("com.microsoft:argument-out-of-range", "The specified partition is invalid for an EventHub.", EventHubsFailure.ResourceNotFound)]
    [InlineData("com.microsoft:argument-out-of-range", "The specified partition '99' is invalid for an EventHub.", EventHubsFailure.ResourceNotFound)]
    [InlineData("com.microsoft:argument-out-of-range", "The epoch is negative.", EventHubsFailure.General)]
    [InlineData("com.microsoft:argument-error", "The supplied offset '154448' is invalid. The last offset …", EventHubsFailure.InvalidPosition)]
    [InlineData("com.microsoft:argument-error", "The supplied sequence number '71181' is invalid. The last …", EventHubsFailure.InvalidPosition)]
    [InlineData("com.microsoft:argument-error", "something else", EventHubsFailure.General)]
    [InlineData("com.microsoft:georeplication:invalid-offset", null, EventHubsFailure.InvalidPosition)]
    [InlineData("amqp:link:stolen", "New receiver with higher epoch", EventHubsFailure.ConsumerDisconnected)]
    [InlineData("amqp:resource-limit-exceeded", null, EventHubsFailure.QuotaExceeded)]
    [InlineData("amqp:link:message-size-exceeded", null, EventHubsFailure.MessageSizeExceeded)]
    [InlineData("com.microsoft:server-busy", "50002", EventHubsFailure.ServiceBusy)]
    [InlineData("com.microsoft:timeout", null, EventHubsFailure.ServiceTimeout)]
    [InlineData("com.microsoft:operation-cancelled", null, EventHubsFailure.Communication)]
    [InlineData("amqp:internal-error", null, EventHubsFailure.Communication)]
    [InlineData("amqp:link:detach-forced", "Idle timeout: 00:30:00", EventHubsFailure.Communication)]
    [InlineData("amqp:connection:forced", null, EventHubsFailure.Communication)]
    [InlineData("com.microsoft:entity-disabled", null, EventHubsFailure.General)]
    [InlineData("amqp:not-allowed", null, EventHubsFailure.General)]
    [InlineData(null, null, EventHubsFailure.Communication)]
    public void A_condition_has_one_meaning(string? condition, string? description, EventHubsFailure expected)
    {
        Assert.Equal(expected, Failures.Of(condition, description));
        var failure = Failures.From(condition is null ? null : new Error(condition) { Description = description }, "Send");
        Assert.Equal(expected, failure.Failure);
        Assert.StartsWith("Send: ", failure.Message, StringComparison.Ordinal);
        if (condition is not null) Assert.Contains(condition, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, "ExpiredToken", EventHubsFailure.Unauthorized)]
    [InlineData(404, null, EventHubsFailure.ResourceNotFound)]
    [InlineData(400, null, EventHubsFailure.General)]
    [InlineData(403, null, EventHubsFailure.QuotaExceeded)]
    [InlineData(408, null, EventHubsFailure.ServiceTimeout)]
    [InlineData(500, null, EventHubsFailure.Communication)]
    [InlineData(503, null, EventHubsFailure.ServiceBusy)]
    public void A_status_has_one_meaning(int status, string? description, EventHubsFailure expected)
    {
        Assert.Equal(expected, Failures.OfStatus(status, null, description));
        Assert.Equal(expected, Failures.FromAnswer(Answer(status, description, null), "Ask")?.Failure);
    }

    [Fact]
    public void A_condition_says_more_than_a_status() =>
        Assert.Equal(EventHubsFailure.ServiceBusy, Failures.FromAnswer(Answer(400, null, new Amqp.Types.Symbol("com.microsoft:server-busy")), "Ask")?.Failure);

    [Theory]
    [InlineData(200)]
    [InlineData(202)]
    public void A_good_answer_is_no_failure(int status) => Assert.Null(Failures.FromAnswer(Answer(status, "OK", null), "Ask"));

    [Fact]
    public void What_the_socket_says_passes_and_a_bad_certificate_does_not()
    {
        Assert.True(Failures.From(new SocketException((int)SocketError.ConnectionRefused), "Connect").IsTransient);
        Assert.True(Failures.From(new ObjectDisposedException("writer"), "Send").IsTransient);
        Assert.False(Failures.From(new AuthenticationException("not trusted"), "Connect").IsTransient);
        Assert.Equal(EventHubsFailure.Unauthorized, Failures.From(new AmqpException("amqp:unauthorized-access", "SASL"), "Connect").Failure);
    }

    private static Message Answer(int status, string? description, Amqp.Types.Symbol? condition)
    {
        var answer = new Message { ApplicationProperties = new ApplicationProperties { ["status-code"] = status } };
        if (description is not null) answer.ApplicationProperties["status-description"] = description;
        if (condition is not null) answer.ApplicationProperties["error-condition"] = condition;
        return answer;
    }
}
