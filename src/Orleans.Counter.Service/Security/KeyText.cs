using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Orleans.Counter.Security;

/// <summary>
/// How keys are written: <c>oc_{id}_{secret}</c> and <c>oc_pub_{id}</c>. The id has 12 letters and digits, the secret is 32 random bytes in base64url, so the
/// length alone tells which one it is.
/// </summary>
internal static class KeyText
{
    public const string Prefix = "oc_";
    public const string PublishablePrefix = "oc_pub_";
    private const int IdLength = 12;
    private const int SecretBytes = 32;
    private const int SecretLength = 43;
    private const string IdCharacters = "abcdefghijklmnopqrstuvwxyz0123456789";

    private static readonly SearchValues<char> IdSearch = SearchValues.Create(IdCharacters);

    /// <summary>Makes a secret key, and what is kept of it.</summary>
    public static (string Text, string Id, byte[] Hash) NewSecret()
    {
        var id = NewId();
        var text = $"{Prefix}{id}_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes))}";
        return (text, id, Hash(text));
    }

    public static string NewId() => RandomNumberGenerator.GetString(IdCharacters, IdLength);

    /// <summary>The id in a text that has the form of a key; empty if it has none.</summary>
    public static ReadOnlySpan<char> IdOf(ReadOnlySpan<char> text, out bool isPublishable)
    {
        isPublishable = text.Length == PublishablePrefix.Length + IdLength && text.StartsWith(PublishablePrefix, StringComparison.Ordinal);
        var isSecret = text.Length == Prefix.Length + IdLength + 1 + SecretLength && text.StartsWith(Prefix, StringComparison.Ordinal) && text[Prefix.Length + IdLength] is '_';
        var id = isPublishable ? text[PublishablePrefix.Length..] : isSecret ? text.Slice(Prefix.Length, IdLength) : default;
        return IsId(id) ? id : default;
    }

    /// <summary>True for what <see cref="NewId"/> makes.</summary>
    public static bool IsId(ReadOnlySpan<char> id) => id.Length == IdLength && !id.ContainsAnyExcept(IdSearch);

    /// <summary>True if this is the key whose hash was kept. It takes the same time for every wrong one.</summary>
    public static bool IsKey(ReadOnlySpan<char> text, byte[] kept)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(text, hash);
        return CryptographicOperations.FixedTimeEquals(hash, kept);
    }

    private static byte[] Hash(string text)
    {
        var hash = new byte[SHA256.HashSizeInBytes];
        Hash(text, hash);
        return hash;
    }

    private static void Hash(ReadOnlySpan<char> text, Span<byte> hash)
    {
        Span<byte> utf8 = stackalloc byte[3 * (Prefix.Length + IdLength + 1 + SecretLength)];
        SHA256.HashData(utf8[..Encoding.UTF8.GetBytes(text, utf8)], hash);
    }
}
