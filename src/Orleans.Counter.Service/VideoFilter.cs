using System.Buffers.Binary;
using System.IO.Hashing;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Orleans.Counter;

/// <summary>A set of videos that never says no of one that is in it, and seldom yes of another: a Bloom filter.</summary>
/// <remarks>Its hash has a secret seed, so that nobody can choose ids that it takes for known.</remarks>
internal sealed class VideoFilter
{
    /// <summary>The smallest filter, in bytes.</summary>
    public const int BytesMin = 512;

    private const int BitsPerVideo = 16;
    private const int Probes = 7; // With 16 bits a video, 7 in 10,000 others are taken for known; with 8, 2 in 100.

    private readonly ulong[] _words;

    /// <summary>An empty filter.</summary>
    /// <param name="videos">How many it is made for. It has room for twice as many before it is worth making anew.</param>
    /// <param name="bytesMax">No more than this, whatever comes; at least <see cref="BytesMin"/>.</param>
    public VideoFilter(int videos, int bytesMax)
    {
        Span<byte> random = stackalloc byte[sizeof(long)];
        RandomNumberGenerator.Fill(random);
        Seed = BinaryPrimitives.ReadInt64LittleEndian(random);
        var bytes = Math.Clamp(BitOperations.RoundUpToPowerOf2((ulong)videos * BitsPerVideo / 8), BytesMin, BitOperations.RoundUpToPowerOf2((ulong)bytesMax + 1) / 2);
        _words = new ulong[bytes / sizeof(ulong)];
    }

    /// <summary>One that somebody else has made.</summary>
    public VideoFilter(long seed, ReadOnlySpan<byte> bits)
    {
        Seed = seed;
        _words = new ulong[bits.Length / sizeof(ulong)];
        for (var word = 0; word < _words.Length; word++) _words[word] = BinaryPrimitives.ReadUInt64LittleEndian(bits[(word * sizeof(ulong))..]);
    }

    /// <summary>Random: tells it from every other filter.</summary>
    public long Seed { get; }

    /// <summary>How many videos it holds, but for some that looked as if they were inside.</summary>
    public int Videos { get; private set; }

    public int Bytes => _words.Length * sizeof(ulong);

    /// <summary>True if it holds so many videos that a larger one would be of use.</summary>
    public bool IsFull => Videos > Bytes * 8 / (BitsPerVideo / 2);

    /// <summary>What stands for a video, here and wherever it is remembered beside the filter: 128 bits, so that no two are the same.</summary>
    public UInt128 Hash(ReadOnlySpan<byte> videoUtf8) => XxHash128.HashToUInt128(videoUtf8, Seed);

    public UInt128 Hash(VideoId video)
    {
        Span<byte> utf8 = stackalloc byte[VideoId.LengthMax];
        return Hash(utf8[..Encoding.ASCII.GetBytes(video.Value, utf8)]);
    }

    public void Add(UInt128 hash)
    {
        var isNew = false;
        for (var probe = 0; probe < Probes; probe++)
        {
            ref var word = ref _words[Place(hash, probe, out var bit)];
            isNew |= (word & bit) == 0;
            word |= bit;
        }

        if (isNew) Videos++;
    }

    public bool MayHold(UInt128 hash)
    {
        for (var probe = 0; probe < Probes; probe++)
            if ((_words[Place(hash, probe, out var bit)] & bit) == 0) return false;
        return true;
    }

    /// <summary>As another process needs it.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Bytes];
        for (var word = 0; word < _words.Length; word++) BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(word * sizeof(ulong)), _words[word]);
        return bytes;
    }

    // Of two hashes, seven: the second one is odd, so that it reaches every bit.
    private int Place(UInt128 hash, int probe, out ulong bit)
    {
        var at = unchecked((ulong)hash + ((ulong)probe * ((ulong)(hash >> 64) | 1))) & (((ulong)_words.Length * 64) - 1);
        bit = 1UL << (int)(at & 63);
        return (int)(at >> 6);
    }
}
