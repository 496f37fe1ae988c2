using System.Security.Cryptography;
using System.Security.Principal;
using System.Text;
using Amqp;
using Amqp.Listener;
using Amqp.Sasl;
using Amqp.Types;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>SASL PLAIN with the name and value of any key; the library's own knows a single one.</summary>
internal sealed class PlainProfile(IReadOnlyDictionary<string, string> keys) : SaslProfile("PLAIN"), IAuthenticated
{
    public IPrincipal Principal { get; private set; } = null!; // null until somebody was let in: that is how the library asks

    protected override ITransport UpgradeTransport(ITransport transport) => transport;

    protected override DescribedList GetStartCommand(string hostname) => throw new NotSupportedException();

    protected override DescribedList OnCommand(DescribedList command)
    {
        if (command is not SaslInit init)
            throw new AmqpException(ErrorCode.NotAllowed, command.ToString());
        if (Encoding.UTF8.GetString(init.InitialResponse ?? []).Split('\0') is not [_, var name, var given]
            || !keys.TryGetValue(name, out var key)
            || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(given)))
        {
            return new SaslOutcome { Code = SaslCode.Auth };
        }

        Principal = new GenericPrincipal(new GenericIdentity(name, "PLAIN"), []);
        return new SaslOutcome { Code = SaslCode.Ok };
    }
}
