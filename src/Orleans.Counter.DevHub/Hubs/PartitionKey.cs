using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Orleans.Counter.Dev.Hubs;

/// <summary>Which partition the events of a key go to: the rule of the official clients, which say that it is the service's.</summary>
internal static class PartitionKey
{
    private const int BlockBytes = 12;

    /// <summary>Bob Jenkins' lookup3 (<c>hashlittle2</c>, seed 0) of the key in UTF-8, its two halves folded to 16 bits, modulo the partitions.</summary>
    public static int Partition(string key, int partitionCount)
    {
        var (c, b) = Hash(Encoding.UTF8.GetBytes(key));
        return Math.Abs(unchecked((short)(c ^ b)) % partitionCount);
    }

    private static (uint C, uint B) Hash(ReadOnlySpan<byte> data)
    {
        unchecked
        {
            var a = 0xdeadbeef + (uint)data.Length;
            var (b, c) = (a, a);
            while (data.Length > BlockBytes)
            {
                Add(data, ref a, ref b, ref c);
                a -= c; a ^= BitOperations.RotateLeft(c, 4); c += b;
                b -= a; b ^= BitOperations.RotateLeft(a, 6); a += c;
                c -= b; c ^= BitOperations.RotateLeft(b, 8); b += a;
                a -= c; a ^= BitOperations.RotateLeft(c, 16); c += b;
                b -= a; b ^= BitOperations.RotateLeft(a, 19); a += c;
                c -= b; c ^= BitOperations.RotateLeft(b, 4); b += a;
                data = data[BlockBytes..];
            }

            if (data.IsEmpty)
                return (c, b);

            // The rest counts as if zeros followed it.
            Span<byte> last = stackalloc byte[BlockBytes];
            last.Clear();
            data.CopyTo(last);
            Add(last, ref a, ref b, ref c);
            c ^= b; c -= BitOperations.RotateLeft(b, 14);
            a ^= c; a -= BitOperations.RotateLeft(c, 11);
            b ^= a; b -= BitOperations.RotateLeft(a, 25);
            c ^= b; c -= BitOperations.RotateLeft(b, 16);
            a ^= c; a -= BitOperations.RotateLeft(c, 4);
            b ^= a; b -= BitOperations.RotateLeft(a, 14);
            c ^= b; c -= BitOperations.RotateLeft(b, 24);
            return (c, b);
        }
    }

    private static void Add(ReadOnlySpan<byte> block, ref uint a, ref uint b, ref uint c)
    {
        unchecked
        {
            a += BinaryPrimitives.ReadUInt32LittleEndian(block);
            b += BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
            c += BinaryPrimitives.ReadUInt32LittleEndian(block[8..]);
        }
    }
}
