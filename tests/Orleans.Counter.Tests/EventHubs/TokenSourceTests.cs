using Azure.Core;
using Orleans.Counter.EventHubs;
using Xunit;

namespace Orleans.Counter.Tests.EventHubs;

public sealed class TokenSourceTests
{
    // Signed once by another implementation: Python's hmac and urllib.
    [Fact]
    public void A_signature_is_what_others_make_of_the_same_key()
    {
        var tokens = new SharedKeyTokens("Root Key", "c2VjcmV0+a/key=");

        Assert.Equal(
            "SharedAccessSignature sr=sb%3A%2F%2Friver.servicebus.windows.net%2Fframes%2FPartitions%2F3"
                + "&sig=aWB8%2FsTLjKUXso93rZsoaF2JoErKdSZTRADs2EW6aLM%3D&se=1795000000&skn=Root%20Key",
            tokens.Sign("sb://river.servicebus.windows.net/frames/Partitions/3", DateTimeOffset.FromUnixTimeSeconds(1795000000)));
    }

    [Fact]
    public async Task A_signature_lives_for_an_hour()
    {
        var now = new DateTimeOffset(2026, 11, 23, 10, 0, 0, TimeSpan.Zero);

        var token = await new SharedKeyTokens("Root", "key").Get("sb://x", now, TestContext.Current.CancellationToken);

        Assert.Equal(now.AddHours(1), token.ExpiresAt);
        Assert.Contains($"&se={now.AddHours(1).ToUnixTimeSeconds()}&", token.Value, StringComparison.Ordinal);
        Assert.Equal("servicebus.windows.net:sastoken", token.Type);
    }

    [Fact]
    public async Task A_credential_is_asked_for_the_scope_of_Event_Hubs()
    {
        var credential = new RecordingCredential();

        var token = await new EntraTokens(credential).Get("sb://x", DateTimeOffset.UnixEpoch, TestContext.Current.CancellationToken);

        Assert.Equal(["https://eventhubs.azure.net/.default"], credential.Scopes);
        Assert.Equal(("a.b.c", "jwt", RecordingCredential.ExpiresAt), (token.Value, token.Type, token.ExpiresAt));
    }

    private sealed class RecordingCredential : TokenCredential
    {
        public static readonly DateTimeOffset ExpiresAt = DateTimeOffset.UnixEpoch.AddHours(2);

        public string[] Scopes { get; private set; } = [];

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            Scopes = requestContext.Scopes;
            return new AccessToken("a.b.c", ExpiresAt);
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new(GetToken(requestContext, cancellationToken));
    }
}
