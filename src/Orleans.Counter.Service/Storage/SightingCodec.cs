using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Orleans.Counter.Storage;

/// <summary>Sightings as bytes. See docs/storage.md for the format, which carries its own version.</summary>
internal static class SightingCodec
{
    private const uint Magic = 0x4E454553; // "SEEN"
    private const int Version = 1;
    private const int HeaderBytes = 64;
    private const int ChecksumBytes = 16;
    private const long NotKnown = long.MinValue;

    public static byte[] Encode(SightingDelta delta)
    {
        var stretch = delta.Stretch;
        var ids = delta.Ids.Span;
        var bytes = new byte[HeaderBytes + (ids.Length * sizeof(ulong)) + ChecksumBytes];
        var header = bytes.AsSpan(0, HeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], Version);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], delta.HubCreatedAt.UtcTicks);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], stretch.Partition);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], stretch.Generation);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], stretch.Follows ?? NotKnown);
        BinaryPrimitives.WriteInt64LittleEndian(header[40..], stretch.After.Value);
        BinaryPrimitives.WriteInt64LittleEndian(header[48..], stretch.Through.Value);
        BinaryPrimitives.WriteInt64LittleEndian(header[56..], ids.Length);
        Swap(ids, MemoryMarshal.Cast<byte, ulong>(bytes.AsSpan(HeaderBytes, ids.Length * sizeof(ulong))));
        XxHash128.Hash(bytes.AsSpan(..^ChecksumBytes), bytes.AsSpan(^ChecksumBytes..));
        return bytes;
    }

    /// <summary>Reads <see cref="Encode"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes are not what was written, or not what the name says.</exception>
    public static SightingDelta Decode(SightingStretch named, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes + ChecksumBytes) throw new InvalidDataException($"{named.Name} has {bytes.Length} bytes: it was cut off.");
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic) throw new InvalidDataException($"{named.Name} does not begin as sightings do.");
        if (BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]) is var version && version != Version) throw new InvalidDataException($"{named.Name} has version {version}; this reader knows {Version}.");
        if (!XxHash128.Hash(bytes[..^ChecksumBytes]).AsSpan().SequenceEqual(bytes[^ChecksumBytes..])) throw new InvalidDataException($"{named.Name} is damaged: its checksum is another one.");
        var (partition, generation, follows) = (Int64(bytes, 16), Int64(bytes, 24), Int64(bytes, 32));
        var stretch = new SightingStretch((int)partition, generation, new(Int64(bytes, 40)), new(Int64(bytes, 48)), follows == NotKnown ? null : follows);
        if (stretch != named) throw new InvalidDataException($"{named.Name} holds {stretch.Name}: somebody renamed it.");
        if (Int64(bytes, 56) * sizeof(ulong) != bytes.Length - HeaderBytes - ChecksumBytes) throw new InvalidDataException($"{named.Name} does not hold as many ids as it says.");
        var ids = new ulong[(int)Int64(bytes, 56)];
        Swap(MemoryMarshal.Cast<byte, ulong>(bytes[HeaderBytes..^ChecksumBytes]), ids);
        return new(stretch, new(Int64(bytes, 8), TimeSpan.Zero), ids);
    }

    private static long Int64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);

    // The file is little-endian, whatever the machine.
    private static void Swap(ReadOnlySpan<ulong> from, Span<ulong> to)
    {
        if (BitConverter.IsLittleEndian) from.CopyTo(to);
        else BinaryPrimitives.ReverseEndianness(from, to);
    }
}
