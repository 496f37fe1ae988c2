using System.Globalization;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>What an address means. Clients write it bare, with a leading slash, or as a whole URL.</summary>
internal sealed record EntityPath(string Text)
{
    private readonly string[] _parts = Text.Split('/');

    public string Hub => _parts[0];

    public bool IsCbs => Is(Text, "$cbs");

    public bool IsManagement => Is(_parts[^1], "$management") && _parts.Length <= 2;

    public bool IsHub => _parts.Length == 1;

    /// <summary>The partition of <c>hub/Partitions/id</c>, as it was written.</summary>
    public string? SenderPartition => _parts.Length == 3 && Is(_parts[1], "Partitions") ? _parts[2] : null;

    /// <summary>The group of <c>hub/ConsumerGroups/group/Partitions/id</c>.</summary>
    public string? Group => _parts.Length == 5 && Is(_parts[1], "ConsumerGroups") && Is(_parts[3], "Partitions") ? _parts[2] : null;

    /// <summary>The partition of <c>hub/ConsumerGroups/group/Partitions/id</c>, as it was written.</summary>
    public string? ReaderPartition => Group is null ? null : _parts[4];

    public static EntityPath Parse(string address)
    {
        var path = address.Contains("://", StringComparison.Ordinal) && Uri.TryCreate(address, UriKind.Absolute, out var url) ? url.AbsolutePath : address;
        return new EntityPath(Uri.UnescapeDataString(path.Trim('/')));
    }

    /// <summary>The number of a partition, if it is one.</summary>
    public static int? Partition(string? id, int partitionCount) =>
        int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < partitionCount ? number : null;

    public override string ToString() => Text;

    private static bool Is(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
