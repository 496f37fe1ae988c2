using CsCheck;
using Xunit;

namespace Orleans.Counter.Tests;

public sealed class ShardTests
{
    [Theory, InlineData("kittens", "6d")]
    public void A_video_is_in_the_same_shard_forever(string video, string shard) => Assert.Equal(shard, Shard.Of(VideoId.Parse(video)).ToString());

    [Fact]
    public void A_shard_is_read_as_it_is_written() => Assert.All(Shard.All, shard => Assert.Equal(shard, Shard.Parse(shard.ToString())));

    [Fact]
    public void A_video_has_one_shard_however_its_id_comes() =>
        Gens.Video.Sample(video => Shard.Of(video) == Shard.Of(System.Text.Encoding.ASCII.GetBytes(video.Value)));
}
