using System.Globalization;

namespace Orleans.Counter;

/// <summary>16 shards that share a table, and a segment a day: the unit of rollup.</summary>
internal readonly record struct Group
{
    /// <summary>How many there are, forever: the number is part of stored names.</summary>
    public const int Count = 16;

    private const int ShardsEach = Shard.Count / Count;

    /// <summary>The group with this number, 0 to 15.</summary>
    public Group(int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, Count);
        Number = number;
    }

    /// <summary>0 to 15.</summary>
    public int Number { get; }

    /// <summary>All groups, in order.</summary>
    public static IEnumerable<Group> All => Enumerable.Range(0, Count).Select(number => new Group(number));

    /// <summary>Its shards, in order.</summary>
    public IEnumerable<Shard> Shards => Enumerable.Range(Number * ShardsEach, ShardsEach).Select(number => new Shard(number));

    public static Group Of(Shard shard) => new(shard.Number / ShardsEach);

    public static Group Of(VideoId video) => Of(Shard.Of(video));

    /// <summary>Reads <see cref="ToString"/>.</summary>
    public static Group Parse(string hex) => new(int.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    /// <summary>One hex digit: the end of the table's name, and the key of the group's grain.</summary>
    public override string ToString() => Number.ToString("x1", CultureInfo.InvariantCulture);
}
