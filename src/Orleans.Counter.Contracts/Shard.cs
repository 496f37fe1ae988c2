using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace Orleans.Counter;

/// <summary>1/256 of all videos: the unit of order, of checkpoints and of table partitions. A video's shard never changes.</summary>
public readonly record struct Shard
{
    /// <summary>How many shards there are, forever: the number is part of every stored key.</summary>
    public const int Count = 256;

    /// <summary>The shard with this number, 0 to 255.</summary>
    public Shard(int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, Count);
        Number = number;
    }

    /// <summary>0 to 255.</summary>
    public int Number { get; }

    /// <summary>All shards, in order.</summary>
    public static IEnumerable<Shard> All => Enumerable.Range(0, Count).Select(number => new Shard(number));

    /// <summary>The shard of a video: <c>XxHash3(id in UTF-8) mod 256</c>.</summary>
    public static Shard Of(VideoId video)
    {
        Span<byte> utf8 = stackalloc byte[VideoId.LengthMax];
        return Of(utf8[..Encoding.ASCII.GetBytes(video.Value, utf8)]);
    }

    /// <summary>The shard of a video whose id is given in UTF-8 and is valid.</summary>
    public static Shard Of(ReadOnlySpan<byte> videoUtf8) => new((int)(XxHash3.HashToUInt64(videoUtf8) % Count));

    /// <summary>The partition of the hub that carries this shard. A retry of an event therefore always meets the first try.</summary>
    public int Partition(int partitionCount) => Number % partitionCount;

    /// <summary>Reads <see cref="ToString"/>.</summary>
    public static Shard Parse(string hex) => new(int.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    /// <summary>Two hex digits: the key of the shard's stream, of its grain and of its table partition.</summary>
    public override string ToString() => Number.ToString("x2", CultureInfo.InvariantCulture);
}
