using System.Globalization;
using Azure.Data.Tables;
using Orleans.Configuration;
using Orleans.Counter.Tables;

namespace Orleans.Counter.Reminders;

/// <summary>Keys and columns of the reminder table, as the official provider names them; every column is a string.</summary>
/// <remarks>
/// The partition is the service and the hash of the grain, in hexadecimal digits of a fixed number: so partitions are sorted as hashes are. Keys lose the
/// characters that Azure refuses, so different names may share a key; the columns hold what was meant, and a row of another name is never taken for this one's.
/// </remarks>
internal sealed class ReminderRows(ClusterOptions cluster)
{
    private const string Service = "ServiceId";
    private const string Grain = "GrainReference";
    private const string Name = "ReminderName";
    private const char AfterUnderscore = (char)('_' + 1);
    private const char AfterHyphen = (char)('-' + 1);

    private readonly string _service = cluster.ServiceId;

    /// <summary>What this cluster has written.</summary>
    public string AllOfCluster => TableClient.CreateQueryFilter(
        $"ServiceId eq {_service} and DeploymentId eq {cluster.ClusterId} and (PartitionKey gt {First} and PartitionKey lt {Last})");

    // Before and after every partition of the service; services whose name goes on with an underscore lie between, too.
    private string First => AzureTables.Sanitized(_service) + '_';

    private string Last => AzureTables.Sanitized(_service) + AfterUnderscore;

    /// <summary>Reminders of the grains whose hash is after begin, and at or before end. A begin after the end goes around; equal ones are all there are.</summary>
    public string Range(uint begin, uint end)
    {
        string after = Partition(begin), through = Partition(end);
        if (begin == end) return TableClient.CreateQueryFilter($"ServiceId eq {_service} and (PartitionKey gt {First} and PartitionKey lt {Last})");
        if (begin < end) return TableClient.CreateQueryFilter($"ServiceId eq {_service} and (PartitionKey gt {after} and PartitionKey le {through})");
        return TableClient.CreateQueryFilter(
            $"ServiceId eq {_service} and ((PartitionKey gt {First} and PartitionKey le {through}) or (PartitionKey gt {after} and PartitionKey lt {Last}))");
    }

    /// <summary>The reminders of one grain.</summary>
    public string Of(GrainId grain)
    {
        var (partition, id, key) = (Partition(grain), grain.ToString(), AzureTables.Sanitized(grain.ToString()));
        return TableClient.CreateQueryFilter(
            $"PartitionKey eq {partition} and (RowKey gt {key + '-'} and RowKey lt {key + AfterHyphen}) and ServiceId eq {_service} and GrainReference eq {id}");
    }

    public (string Partition, string Row) Key(GrainId grain, string name) => (Partition(grain), AzureTables.Sanitized($"{grain}-{name}"));

    public TableEntity Encode(ReminderEntry reminder)
    {
        var (partition, row) = Key(reminder.GrainId, reminder.ReminderName);
        return new(partition, row)
        {
            [Service] = _service,
            ["DeploymentId"] = cluster.ClusterId,
            [Grain] = reminder.GrainId.ToString(),
            [Name] = reminder.ReminderName,
            ["StartAt"] = LogFormatter.PrintDate(reminder.StartAt),
            ["Period"] = reminder.Period.ToString("c", CultureInfo.InvariantCulture),
            ["GrainRefConsistentHash"] = Hash(reminder.GrainId.GetUniformHashCode()),
        };
    }

    /// <exception cref="FormatException">A column is missing, or does not say what it should.</exception>
    public static ReminderEntry Decode(TableEntity row) => new()
    {
        GrainId = GrainId.Parse(Required(row, Grain), CultureInfo.InvariantCulture),
        ReminderName = Required(row, Name),
        StartAt = AzureTables.Time(Required(row, "StartAt")),
        Period = TimeSpan.ParseExact(Required(row, "Period"), "c", CultureInfo.InvariantCulture),
        ETag = row.ETag.ToString(),
    };

    /// <summary>True if the row is this reminder's, and not of another one that shares its key.</summary>
    public bool IsOf(TableEntity row, GrainId grain, string name) => row.GetString(Service) == _service && row.GetString(Grain) == grain.ToString() && row.GetString(Name) == name;

    private static string Hash(uint hash) => hash.ToString("X8", CultureInfo.InvariantCulture);

    private static string Required(TableEntity row, string column) => row.GetString(column) ?? throw new FormatException($"{column} is missing.");

    private string Partition(GrainId grain) => Partition(grain.GetUniformHashCode());

    private string Partition(uint hash) => AzureTables.Sanitized($"{_service}_{Hash(hash)}");
}
