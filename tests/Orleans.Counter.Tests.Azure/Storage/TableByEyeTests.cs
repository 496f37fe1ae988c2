using Azure.Data.Tables;
using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Storage;

/// <summary>Whoever opens the table with a tool finds the keys and columns that the documentation names.</summary>
public sealed class TableByEyeTests(Azurite azurite)
{
    private static readonly VideoId Kittens = VideoId.Parse("kittens");
    private static readonly EventType Like = EventType.Parse("like");
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_video_is_a_row_with_its_totals_in_columns_of_their_own()
    {
        var account = await azurite.NewAccount();
        var row = Rows.Of("kittens", 42, new(EventType.View, Cell.Plain(3)), new(Like, new(2, 2.5, -1, 3.5))) with
        {
            Open = [Rows.Hour(EventType.View, Minute.Of(Noon).Hour, 3)],
            SettledThrough = Minute.Of(Noon).Hour - 1,
            Duplicates = 7,
            DeadLettered = 5,
            Metadata = new("Kittens at play", "cats"),
            First = Minute.Of(Noon.AddDays(-1)),
            Last = Minute.Of(Noon),
            Imported = [new(Like, 2, 2.5)],
            Revision = 3,
        };

        await (await account.Store()).CommitVideo(row, null, [], Token);

        var entity = await Entity(account, Kittens, "v|kittens");
        Equal(entity, ("Position", 42L), ("Commit", row.Commit), ("Duplicates", 7L), ("DeadLettered", 5L));
        Equal(entity, ("Title", "Kittens at play"), ("ChannelId", "cats"));
        Equal(entity, ("view_count", 3L), ("view_sum", 3d), ("view_min", 1d), ("view_max", 1d));
        Equal(entity, ("like_count", 2L), ("like_sum", 2.5), ("like_min", -1d), ("like_max", 3.5));
        Equal(entity, ("like_countImported", 2L), ("like_sumImported", 2.5), ("Imported", 2L), ("Revision", 3L), ("OpenFrom", Minute.Of(Noon).Hour));
        Equal(entity, ("First", Noon.AddDays(-1)), ("Last", Noon), ("SettledThrough", Noon.AddHours(-1)));
        Assert.Equal(CellPack.PackOpen(row.Open), Assert.IsType<byte[]>(entity["Open"]));
        Assert.Equal(23 + 2, entity.Keys.Count(key => key is not ("odata.etag" or "Timestamp"))); // with the two keys: nothing else
    }

    [Fact]
    public async Task A_settled_day_is_a_row_with_a_column_an_hour()
    {
        var account = await azurite.NewAccount();
        var midnight = Minute.Of(Noon).Hour - 12;
        HourCells first = Rows.Hour(Like, midnight, 1, 2), last = Rows.Hour(Like, midnight + 23, 3);

        await (await account.Store()).CommitVideo(Rows.Of("kittens", 1), null, [first, last], Token);

        var entity = await Entity(account, Kittens, "d|20261123|kittens|like");
        Assert.Equal(CellPack.PackHour(first.Cells), Assert.IsType<byte[]>(entity["h00"]));
        Assert.Equal(CellPack.PackHour(last.Cells), Assert.IsType<byte[]>(entity["h23"]));
        Assert.Equal(2 + 2, entity.Keys.Count(key => key is not ("odata.etag" or "Timestamp")));
    }

    [Fact]
    public async Task A_day_that_was_set_whole_is_a_row_that_says_so_beside_its_month_and_a_row_for_its_shard()
    {
        var account = await azurite.NewAccount();
        var (day, hour) = (new DateOnly(2026, 11, 23), Rows.Hour(Like, Minute.Of(Noon).Hour, 1, 2));

        await (await account.Store()).CommitVideo(new(Rows.Of("kittens", 1), [], Whole: Rows.Whole(null, (null, Like, day, [hour]))), null, Token);

        var entity = await Entity(account, Kittens, "d|20261123|kittens|like");
        Assert.Equal(CellPack.PackHour(hour.Cells), Assert.IsType<byte[]>(entity["h12"]));
        Equal(entity, ("Changed", true));
        var month = await Entity(account, Kittens, "m|202611|kittens|like");
        Assert.Equal(CellPack.PackQuarters([new(48, Cell.Plain(3))]), Assert.IsType<byte[]>(month["d23"]));
        Equal(month, ("Count", 3L), ("Sum", 3d));
        Assert.Equal(2, (await Entity(account, Kittens, "u|20261123")).Keys.Count(key => key is not ("odata.etag" or "Timestamp")));
    }

    [Fact]
    public async Task A_shard_is_a_row_that_says_how_far_everything_is_stored()
    {
        var account = await azurite.NewAccount();

        await (await account.Store()).WriteShard(new Shard(0xb7), new(Position.Of(0, 99), Noon, 3, new(Events: 10, Counted: 7, Duplicates: 2, DeadLettered: 1)), null, Token);

        var entity = (await account.Tables.GetTableClient("countsb").GetEntityAsync<TableEntity>("b7", "p", cancellationToken: Token)).Value;
        Equal(entity, ("Position", 100L), ("EnqueuedTime", Noon), ("Partition", 3), ("Events", 10L), ("Counted", 7L), ("Duplicates", 2L), ("DeadLettered", 1L));
    }

    [Fact]
    public async Task The_log_is_a_row_of_the_first_shard()
    {
        var account = await azurite.NewAccount();

        await (await account.Store()).AddLog(new("events", Noon, 2, 1, [-1, 41]), Token);

        var entity = (await account.Tables.GetTableClient("counts0").GetEntityAsync<TableEntity>("00", "log", cancellationToken: Token)).Value;
        Equal(entity, ("Hub", "events"), ("CreatedAt", Noon), ("PartitionCount", 2), ("Era", 1), ("Starts", "-1,41"));
    }

    // The table and the partition as somebody with the documentation finds them, not as the store does.
    private static async Task<TableEntity> Entity(StorageAccount account, VideoId video, string rowKey)
    {
        var partition = $"{Shard.Of(video).Number:x2}";
        return (await account.Tables.GetTableClient($"counts{partition[0]}").GetEntityAsync<TableEntity>(partition, rowKey, cancellationToken: Token)).Value;
    }

    private static void Equal(TableEntity entity, params (string Column, object Value)[] columns) =>
        Assert.Equal(columns, columns.Select(column => (column.Column, entity[column.Column])));
}
