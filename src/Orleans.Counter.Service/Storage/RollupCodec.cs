using System.Globalization;
using Azure.Data.Tables;

namespace Orleans.Counter.Storage;

/// <summary>Rows of the table of rollup as table entities and back. Days are text, as everybody writes them.</summary>
internal static class RollupCodec
{
    private const string DayFormat = "yyyy-MM-dd";

    public static TableEntity Encode(Group group, GroupRow row)
    {
        var entity = new TableEntity(group.ToString(), TableLayout.GroupKey)
        {
            ["LiveFrom"] = Text(row.LiveFrom),
            ["ArchivedThrough"] = Text(row.ArchivedThrough),
            ["RetiredThrough"] = Text(row.RetiredThrough),
        };
        if (row.CooledThrough is { } cooled) entity["CooledThrough"] = Text(cooled);
        return entity;
    }

    public static GroupRow DecodeGroup(TableEntity entity) =>
        new(Day(entity, "LiveFrom"), Day(entity, "ArchivedThrough"), Day(entity, "RetiredThrough"), entity.ContainsKey("CooledThrough") ? Day(entity, "CooledThrough") : null);

    public static TableEntity Encode(Group group, ArchivedDay day)
    {
        var entity = new TableEntity(group.ToString(), TableLayout.ManifestKey(day.Day))
        {
            ["Version"] = day.Version,
            ["Rows"] = day.Rows,
            ["Count"] = day.Count,
            ["Bytes"] = day.Bytes,
            ["WrittenAt"] = day.WrittenAt,
        };
        if (day.RetiredAt is { } retired) entity["RetiredAt"] = retired;
        return entity;
    }

    public static ArchivedDay DecodeDay(TableEntity entity) => new(
        TableLayout.DayAt(entity.RowKey), Need(entity.GetInt32("Version"), "Version"), Need(entity.GetInt64("Rows"), "Rows"), Need(entity.GetInt64("Count"), "Count"), Need(entity.GetInt64("Bytes"), "Bytes"),
        Need(entity.GetDateTimeOffset("WrittenAt"), "WrittenAt"), entity.GetDateTimeOffset("RetiredAt"));

    private static string Text(DateOnly day) => day.ToString(DayFormat, CultureInfo.InvariantCulture);

    private static DateOnly Day(TableEntity entity, string column) =>
        DateOnly.TryParseExact(entity.GetString(column), DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day
            : throw new InvalidDataException($"The row '{entity.RowKey}' of group {entity.PartitionKey} has no day in {column}: it was not written by this program.");

    private static T Need<T>(T? value, string column) where T : struct => value ?? throw new InvalidDataException($"A row of the manifest lacks {column}: it was not written by this program.");
}
