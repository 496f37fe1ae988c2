using System.Globalization;
using System.Numerics;
using DuckDB.NET.Data;
using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Storage;

/// <summary>Anyone can read the cold data: DuckDB, over the folders as they lie in the container.</summary>
public sealed class DuckDbTests(Azurite azurite) : IDisposable
{
    private static readonly EventType Watch = EventType.Parse("watch_seconds");

    private readonly string _folder = Directory.CreateTempSubdirectory("cold-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Sums_per_video_date_and_group_equal_what_was_counted()
    {
        var account = await azurite.NewAccount();
        var counted = await Write(await account.Segments());
        await Download(account);

        var byVideo = counted.GroupBy(row => $"{row.Day.Video} {row.Day.Type}").ToDictionary(rows => rows.Key, rows => Total(rows.Select(row => row.Day)));
        Assert.Equal(Texts(byVideo), Ask("SELECT video_id || ' ' || type, sum(count), sum(sum), min(min), max(max) FROM minutes GROUP BY ALL"));
        var byDate = counted.GroupBy(row => row.Id.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)).ToDictionary(rows => rows.Key, rows => Total(rows.Select(row => row.Day)));
        Assert.Equal(Texts(byDate), Ask("SELECT date::VARCHAR, sum(count), sum(sum), min(min), max(max) FROM minutes GROUP BY ALL"));
        var byGroup = counted.GroupBy(row => row.Id.Group.ToString()).ToDictionary(rows => rows.Key, rows => Total(rows.Select(row => row.Day)));
        Assert.Equal(Texts(byGroup), Ask("SELECT \"group\", sum(count), sum(sum), min(min), max(max) FROM minutes GROUP BY ALL"));
    }

    [Fact]
    public async Task Every_row_is_the_minute_that_was_counted_and_its_time_is_that_of_UTC()
    {
        var account = await azurite.NewAccount();
        var counted = await Write(await account.Segments());
        await Download(account);

        var minutes = counted
            .SelectMany(row => row.Day.Hours.SelectMany(hour => hour.Cells.Select(cell => (Key: $"{row.Day.Video} {row.Day.Type} {hour.MinuteOf(cell).Start.ToUnixTimeMilliseconds()}", cell.Cell))))
            .ToDictionary(row => row.Key, row => row.Cell);
        Assert.Equal(Texts(minutes), Ask("SELECT video_id || ' ' || type || ' ' || epoch_ms(minute)::VARCHAR, count, sum, min, max FROM minutes"));
    }

    [Fact]
    public async Task The_columns_have_the_types_that_are_documented()
    {
        await using (var file = File.Create(Path.Combine(_folder, "minutes.parquet"))) await SegmentFile.Write(Segments.Some, [Segments.Day(Segments.Videos[0], EventType.View, [(5, Cell.Plain(1))])], file, Token);
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"DESCRIBE SELECT * FROM read_parquet('{_folder}/minutes.parquet')";
        using var reader = command.ExecuteReader();
        List<string> columns = [];
        while (reader.Read()) columns.Add($"{reader.GetString(0)} {reader.GetString(1)}");

        Assert.Equal(["video_id VARCHAR", "type VARCHAR", "minute TIMESTAMP WITH TIME ZONE", "count BIGINT", "sum DOUBLE", "min DOUBLE", "max DOUBLE"], columns);
    }

    /// <summary>Three days of three groups, some of them of several parts.</summary>
    private static async Task<List<(SegmentId Id, SegmentDay Day)>> Write(BlobSegmentStore store)
    {
        List<(SegmentId, SegmentDay)> counted = [];
        var random = new Random(1);
        foreach (var group in new Group[] { new(0), new(0xa), new(0xf) })
            for (var number = 0; number < 3; number++)
            {
                var id = new SegmentId(Segments.Some.Day.AddDays(number), group);
                var videos = Segments.VideosOf(group).Take(number == 1 ? 30 : 3).OrderBy(video => video.Value, StringComparer.Ordinal);
                List<SegmentDay> days = [.. videos.SelectMany(video => new[] { Full(video, EventType.View, _ => Cell.Plain(random.Next(1, 50))), Full(video, Watch, _ => new(random.Next(1, 9), random.Next(1, 1000), random.Next(1, 9), random.Next(10, 99))) })];
                await store.Write(id, days, null, Token);
                counted.AddRange(days.Select(day => (id, day)));

                SegmentDay Full(VideoId video, EventType type, Func<int, Cell> cell) => Segments.Full(video, type, cell).Moved(number);
            }

        return counted;
    }

    private async Task Download(StorageAccount account)
    {
        var container = account.Blobs.GetBlobContainerClient("cold");
        await foreach (var blob in container.GetBlobsAsync(cancellationToken: Token))
        {
            var path = Path.Combine(_folder, blob.Name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await container.GetBlobClient(blob.Name).DownloadToAsync(path, Token);
        }
    }

    private static DuckDBConnection Open()
    {
        var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        return connection;
    }

    private List<string> Ask(string query)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"CREATE VIEW minutes AS SELECT * FROM read_parquet('{_folder}/minutes/*/*/*.parquet', hive_partitioning = true, hive_types = {{'date': DATE, 'group': VARCHAR}})";
        command.ExecuteNonQuery();
        command.CommandText = query;
        using var reader = command.ExecuteReader();
        List<string> rows = [];
        while (reader.Read()) rows.Add(Text(reader.GetString(0), new(Whole(reader.GetValue(1)), reader.GetDouble(2), reader.GetDouble(3), reader.GetDouble(4))));
        rows.Sort(StringComparer.Ordinal);
        return rows;
    }

    // A sum of 64-bit numbers has 128 bits there.
    private static long Whole(object number) => number is BigInteger large ? (long)large : (long)number;

    private static Cell Total(IEnumerable<SegmentDay> days) => days.SelectMany(day => day.Hours).Aggregate(Cell.Nothing, (sum, hour) => sum + hour.Total);

    private static IEnumerable<string> Texts(Dictionary<string, Cell> cells) => cells.Select(cell => Text(cell.Key, cell.Value)).Order(StringComparer.Ordinal);

    private static string Text(string key, Cell cell) => string.Create(CultureInfo.InvariantCulture, $"{key}: {cell.Count} {cell.Sum:r} {cell.Min:r} {cell.Max:r}");
}
