using CsCheck;
using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Storage;

public sealed class CellPackTests
{
    [Fact]
    public void An_hour_comes_back_as_it_was_packed() =>
        Gens.Hour.Sample(hour => CellPack.UnpackHour(CellPack.PackHour(hour.Cells)).SequenceEqual(hour.Cells));

    [Fact]
    public void Open_hours_come_back_as_they_were_packed() =>
        Gens.Hour.Array[0, 6].Sample(hours => CellPack.UnpackOpen(CellPack.PackOpen(hours)).Select(Gens.Text).SequenceEqual(hours.Select(Gens.Text)));

    [Fact]
    public void A_row_comes_back_from_its_entity_as_it_was() =>
        Gens.Row.Sample(row => Assert.Equal(row.Text(), RowCodec.DecodeVideo(RowCodec.Encode(row)).Text()));

    [Fact]
    public void Bytes_that_are_cut_or_of_another_version_are_refused() =>
        Gen.Select(Gens.Hour, Gen.Int[0, 1000]).Sample((hour, cut) =>
        {
            var packed = CellPack.PackHour(hour.Cells);
            Assert.Throws<InvalidDataException>(() => CellPack.UnpackHour(packed[..(cut % packed.Length)]));
            Assert.Throws<InvalidDataException>(() => CellPack.UnpackHour([.. packed, 0]));
            packed[0]++;
            Assert.Throws<InvalidDataException>(() => CellPack.UnpackHour(packed));
        });

    [Fact]
    public void An_hour_of_views_takes_three_bytes_a_minute() =>
        Assert.Equal(2 + (60 * 3), CellPack.PackHour([.. Enumerable.Range(0, 60).Select(minute => new MinuteCell((byte)minute, Cell.Plain(200)))]).Length);

    [Fact]
    public void The_bound_on_open_bytes_is_never_less_than_what_is_packed() =>
        Gens.Hour.Array[1, 6].Sample(hours => CellPack.PackOpen(hours).Length <= 16 + hours.Sum(hour => new Orleans.Counter.Counting.OpenHour(hour).Bytes));
}
