using System.Buffers.Binary;
using System.Numerics;

namespace Orleans.Counter.Dev.Log;

/// <summary>The checksum of a record.</summary>
/// <remarks>
/// CRC-32C and not a hash: it finds every burst of up to 32 wrong bits for certain, one processor instruction takes eight bytes, and any tool can check
/// it. What 32 bits leave to chance, the sequence number and the offset that every record repeats do not.
/// </remarks>
internal static class Crc32C
{
    public static uint Compute(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        while (data.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[sizeof(ulong)..];
        }

        foreach (var rest in data)
            crc = BitOperations.Crc32C(crc, rest);
        return ~crc;
    }
}
