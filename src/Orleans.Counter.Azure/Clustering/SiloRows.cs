using System.Globalization;
using System.Net;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using Orleans.Counter.Tables;

namespace Orleans.Counter.Clustering;

/// <summary>Keys and columns of the membership table, as the official provider names them; every column is a string.</summary>
internal static class SiloRows
{
    /// <summary>The version that decides: every write of a silo's row also writes this one, if it still has the ETag that was read.</summary>
    public const string VersionKey = "VersionRow";

    /// <summary>The version again, before the rows of all silos: keys are sorted, and addresses begin with a digit or a letter from a to f.</summary>
    public const string StartKey = "!Start";

    /// <summary>The version again, after the rows of all silos.</summary>
    public const string EndKey = "~End";

    public const string Version = "MembershipVersion";
    public const string Status = "Status";
    public const string ProxyPort = "ProxyPort";
    public const string NoProxyPort = "0";

    private const string Cluster = "DeploymentId";
    private const string Alive = "IAmAliveTime";
    private const char Separator = '|';

    public static bool IsSilo(TableEntity row) => row.RowKey is not (VersionKey or StartKey or EndKey);

    public static TableEntity VersionRow(string cluster, int version) => new(cluster, VersionKey) { [Cluster] = cluster, [Version] = Text(version) };

    /// <summary>The two rows between which all others stand. They say that they are active, so that no older cleanup takes them for defunct silos.</summary>
    public static TableEntity[] Boundaries(string cluster, int version) =>
        [.. new[] { StartKey, EndKey }.Select(key => new TableEntity(cluster, key) { [Cluster] = cluster, [Version] = Text(version), [Status] = nameof(SiloStatus.Active) })];

    public static TableEntity AliveRow(string cluster, MembershipEntry entry) =>
        new(cluster, Key(entry.SiloAddress)) { [Cluster] = cluster, [Alive] = LogFormatter.PrintDate(entry.IAmAliveTime) };

    public static TableEntity Encode(string cluster, MembershipEntry entry) => new(cluster, Key(entry.SiloAddress))
    {
        [Cluster] = cluster,
        ["Address"] = entry.SiloAddress.Endpoint.Address.ToString(),
        ["Port"] = Text(entry.SiloAddress.Endpoint.Port),
        ["Generation"] = Text(entry.SiloAddress.Generation),
        ["HostName"] = entry.HostName,
        [Status] = entry.Status.ToString(),
        [ProxyPort] = Text(entry.ProxyPort),
        ["RoleName"] = entry.RoleName,
        ["SiloName"] = entry.SiloName,
        ["InstanceName"] = entry.SiloName,
        ["UpdateZone"] = Text(entry.UpdateZone),
        ["FaultZone"] = Text(entry.FaultZone),
        ["SuspectingSilos"] = string.Join(Separator, (entry.SuspectTimes ?? []).Select(suspicion => suspicion.Item1.ToParsableString())),
        ["SuspectingTimes"] = string.Join(Separator, (entry.SuspectTimes ?? []).Select(suspicion => LogFormatter.PrintDate(suspicion.Item2))),
        ["StartTime"] = LogFormatter.PrintDate(entry.StartTime),
        [Alive] = LogFormatter.PrintDate(entry.IAmAliveTime),
    };

    /// <summary>Null if the row is not readable: a cluster does not end because of one row that somebody else has written into its table.</summary>
    public static MembershipEntry? TryDecode(TableEntity row, string table, ILogger logger)
    {
        try
        {
            return Decode(row);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or InvalidOperationException or OverflowException)
        {
            logger.RowUnreadable(exception, table, row.PartitionKey, row.RowKey);
            return null;
        }
    }

    private static MembershipEntry Decode(TableEntity row)
    {
        var entry = new MembershipEntry
        {
            SiloAddress = SiloAddress.New(IPAddress.Parse(Required(row, "Address")), Number(row, "Port"), Number(row, "Generation")),
            HostName = Optional(row, "HostName") ?? "",
            Status = Enum.TryParse<SiloStatus>(Required(row, Status), out var status) ? status : throw new FormatException($"{Status} is '{row[Status]}'."),
            ProxyPort = Number(row, ProxyPort),
            RoleName = Optional(row, "RoleName"),
            SiloName = Optional(row, "SiloName") ?? Optional(row, "InstanceName") ?? "",
            UpdateZone = Number(row, "UpdateZone"),
            FaultZone = Number(row, "FaultZone"),
            StartTime = Time(Optional(row, "StartTime")),
            IAmAliveTime = Time(Optional(row, Alive)),
        };
        string[] silos = Several(row, "SuspectingSilos"), times = Several(row, "SuspectingTimes");
        if (silos.Length != times.Length) throw new FormatException($"{silos.Length} silos suspect this one, at {times.Length} times.");
        foreach (var (silo, time) in silos.Zip(times)) entry.AddSuspector(SiloAddress.FromParsableString(silo), Time(time));
        return entry;
    }

    private static string Key(SiloAddress silo) => string.Create(CultureInfo.InvariantCulture, $"{silo.Endpoint.Address}-{silo.Endpoint.Port}-{silo.Generation}");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    // Null is also what an empty column means.
    private static string? Optional(TableEntity row, string column) => row.GetString(column) is { Length: > 0 } text ? text : null;

    private static string Required(TableEntity row, string column) => Optional(row, column) ?? throw new FormatException($"{column} is missing.");

    private static string[] Several(TableEntity row, string column) => Optional(row, column)?.Split(Separator) ?? [];

    private static int Number(TableEntity row, string column) => Optional(row, column) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : 0;

    private static DateTime Time(string? text) => text is null ? default : AzureTables.Time(text);
}
