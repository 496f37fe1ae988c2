using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Orleans.Counter.Http;

/// <summary>Keeps a service without keys away from the network. Asked by the server for each address before it binds it.</summary>
internal static class OpenDoor
{
    /// <summary>Throws for an address that others can reach, unless <c>Auth:AllowOpenOnNetwork</c> says that this is meant.</summary>
    /// <exception cref="InvalidOperationException">The configuration asks for what is not safe, or for a mode that does not exist.</exception>
    public static Action<ListenOptions> Guard(IConfiguration configuration)
    {
        var mode = configuration["Auth:Mode"] ?? "Open";
        if (!mode.Equals("Open", StringComparison.OrdinalIgnoreCase))
            throw new InvalidOperationException($"Auth:Mode is '{mode}'; the only mode there is so far is 'Open'.");
        var allowed = configuration.GetValue("Auth:AllowOpenOnNetwork", defaultValue: false);
        return listen =>
        {
            if (allowed || IsLocal(listen.EndPoint)) return;
            throw new InvalidOperationException(
                $"The service would listen on {listen.EndPoint} without asking anyone for a key (Auth:Mode=Open). Listen on http://localhost instead, or set " +
                "Auth:AllowOpenOnNetwork=true if everyone who can reach this address may count and ask.");
        };
    }

    private static bool IsLocal(EndPoint address) => address is UnixDomainSocketEndPoint || (address is IPEndPoint ip && IPAddress.IsLoopback(ip.Address));
}
