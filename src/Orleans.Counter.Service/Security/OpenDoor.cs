using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Orleans.Counter.Security;

/// <summary>Keeps a service without keys away from the network. Asked by the server for each address before it binds it.</summary>
internal static class OpenDoor
{
    /// <summary>Throws for an address that others can reach, unless <c>Auth:AllowOpenOnNetwork</c> says that this is meant.</summary>
    /// <exception cref="InvalidOperationException">The configuration asks for what is not safe, or for a mode that does not exist.</exception>
    public static Action<ListenOptions> Guard(IConfiguration configuration)
    {
        if (AuthOptions.ModeOf(configuration) is not AuthMode.Open) return _ => { };
        var allowed = configuration.GetValue("Auth:AllowOpenOnNetwork", defaultValue: false);
        return listen =>
        {
            if (allowed || IsLocal(listen.EndPoint)) return;
            throw new InvalidOperationException(
                $"The service would listen on {listen.EndPoint} without asking anyone for a key (Auth:Mode=Open). Set Auth:Mode=ApiKey, or listen on http://localhost; " +
                "or set Auth:AllowOpenOnNetwork=true if everyone who can reach this address may count and ask.");
        };
    }

    private static bool IsLocal(EndPoint address) => address is UnixDomainSocketEndPoint || (address is IPEndPoint ip && IPAddress.IsLoopback(ip.Address));
}
