using System.Text;
using Xunit;

namespace Orleans.Counter.Tests.Ingest;

public sealed class IdHashTests
{
    // Checked against another implementation. Frames in the log hold these numbers: a change of one of them means that repeats across the change are counted twice.
    [Theory]
    [InlineData("view", "a", 5981100416972885891UL)]
    [InlineData("like", "a", 2730833271727179572UL)]
    [InlineData("view", "dQw4w9WgXcQ:2017-11-14:view:17", 1599911421919010153UL)]
    public void The_hash_is_part_of_the_wire_format(string type, string id, ulong hash) =>
        Assert.Equal(hash, IdHash.Of(Encoding.ASCII.GetBytes(type), Encoding.ASCII.GetBytes(id)));

    [Fact]
    public void Type_and_id_are_not_run_together() => Assert.NotEqual(IdHash.Of("view"u8, "s1"u8), IdHash.Of("views"u8, "1"u8));

    [Fact]
    public void The_longest_type_and_id_have_a_hash_and_longer_ones_are_an_error()
    {
        var (type, id) = (new byte[EventType.LengthMax], new byte[IdHash.IdLengthMax]);

        Assert.NotEqual(IdHash.None, IdHash.Of(type, id));
        Assert.Throws<ArgumentOutOfRangeException>(() => IdHash.Of(type, [.. id, 1]));
    }
}
