using System.Buffers.Binary;
using System.Buffers.Text;
using System.IO.Hashing;

namespace Orleans.Counter;

/// <summary>Which frames hold the events of one request, by shard: what <c>Counter-Ack</c> says, and <c>?ack=</c> says back.</summary>
/// <remarks>
/// In base64url: a version, the writer, then for each shard its number, the last frame's number and the bits of those before it, then a checksum. One event takes 19 bytes; 256 shards,
/// the most there can be, at most 5,133. It holds no secret, and is not signed: who makes one up waits for frames that do not exist.
/// </remarks>
internal sealed class CounterAck
{
    /// <summary>The header of an answer that carries one.</summary>
    public const string Header = "Counter-Ack";

    private const byte Version = 1;
    private const int HeadBytes = 1 + sizeof(ulong);
    private const int ChecksumBytes = sizeof(uint);
    private const int VarintBytesMax = 10;
    private const int BytesMax = HeadBytes + (Shard.Count * (1 + (2 * VarintBytesMax))) + ChecksumBytes;

    private readonly FrameNumbers[] _frames = new FrameNumbers[Shard.Count];

    private CounterAck(ulong writer) => Writer = writer;

    /// <summary>Who wrote the frames.</summary>
    public ulong Writer { get; }

    /// <summary>The frames that hold events of this shard; null if none does.</summary>
    public FrameNumbers? Of(Shard shard) => _frames[shard.Number].Last == 0 ? null : _frames[shard.Number];

    /// <summary>Writes a token.</summary>
    /// <param name="writer">Who wrote the frames.</param>
    /// <param name="frames">By shard; those without a last number are left out.</param>
    public static string Write(ulong writer, ReadOnlySpan<FrameNumbers> frames)
    {
        Span<byte> bytes = stackalloc byte[BytesMax];
        bytes[0] = Version;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[1..], writer);
        var length = HeadBytes;
        for (var shard = 0; shard < frames.Length; shard++)
        {
            if (frames[shard] is not { Last: > 0 } some) continue;
            bytes[length++] = (byte)shard;
            length += Varint.Write(bytes[length..], some.Last);
            length += Varint.Write(bytes[length..], some.Bits >> 1);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes[length..], XxHash32.HashToUInt32(bytes[..length]));
        return Base64Url.EncodeToString(bytes[..(length + ChecksumBytes)]);
    }

    /// <summary>Reads a token; null if it is none of ours.</summary>
    public static CounterAck? Read(string token)
    {
        if (token.Length > Base64Url.GetEncodedLength(BytesMax) || !Base64Url.IsValid(token)) return null;
        Span<byte> decoded = stackalloc byte[BytesMax];
        if (!Base64Url.TryDecodeFromChars(token, decoded, out var length) || length < HeadBytes + ChecksumBytes) return null;
        var bytes = decoded[..(length - ChecksumBytes)];
        if (bytes[0] != Version || BinaryPrimitives.ReadUInt32LittleEndian(decoded[bytes.Length..]) != XxHash32.HashToUInt32(bytes)) return null;
        var ack = new CounterAck(BinaryPrimitives.ReadUInt64LittleEndian(bytes[1..]));
        return ack.ReadFrames(bytes[HeadBytes..]) ? ack : null;
    }

    private bool ReadFrames(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            ref var frames = ref _frames[bytes[0]];
            bytes = bytes[1..];
            if (frames.Last > 0 || !Varint.TryRead(ref bytes, out var last) || last == 0 || !Varint.TryRead(ref bytes, out var before) || before >> (FrameNumbers.Window - 1) > 0) return false;
            frames = new(last, (before << 1) | 1);
        }

        return true;
    }

    /// <summary>Numbers in as few bytes as they need, seven bits in each.</summary>
    private static class Varint
    {
        public static int Write(Span<byte> bytes, ulong value)
        {
            var length = 0;
            for (; value > 0x7F; value >>= 7) bytes[length++] = (byte)((value & 0x7F) | 0x80);
            bytes[length++] = (byte)value;
            return length;
        }

        public static bool TryRead(ref ReadOnlySpan<byte> bytes, out ulong value)
        {
            value = 0;
            for (var i = 0; i < Math.Min(bytes.Length, VarintBytesMax); i++)
            {
                value |= (ulong)(bytes[i] & 0x7F) << (7 * i);
                if (bytes[i] > 0x7F) continue;
                bytes = bytes[(i + 1)..];
                return true;
            }

            return false;
        }
    }
}
