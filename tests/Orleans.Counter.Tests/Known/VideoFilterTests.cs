using System.Text;
using CsCheck;
using Xunit;

namespace Orleans.Counter.Tests.Known;

/// <summary>The filter of known videos.</summary>
public sealed class VideoFilterTests
{
    [Fact]
    public void It_never_says_no_of_a_video_that_is_inside_whatever_its_size() => Gen.Select(Gens.Video.Array[0, 200], Gen.Int[512, 4096]).Sample((videos, bytesMax) =>
    {
        var filter = new VideoFilter(videos.Length / 2, bytesMax);
        foreach (var video in videos) filter.Add(filter.Hash(video));
        var there = new VideoFilter(filter.Seed, filter.ToBytes());

        Assert.InRange(filter.Bytes, VideoFilter.BytesMin, bytesMax);
        Assert.All(videos, video => Assert.True(filter.MayHold(filter.Hash(video)) && there.MayHold(there.Hash(Encoding.ASCII.GetBytes(video.Value)))));
    });

    [Theory, InlineData(65_536, 0.002, false), InlineData(131_072, 0.03, false), InlineData(140_000, 0.04, true)]
    public void It_seldom_says_yes_of_another_even_with_twice_as_many_videos_as_it_is_made_for(int videos, double most, bool isFull)
    {
        var filter = new VideoFilter(65_536, 1 << 20);
        foreach (var video in Named("known", videos)) filter.Add(filter.Hash(video));

        Assert.InRange(Named("invented", 100_000).Count(video => filter.MayHold(filter.Hash(video))) / 100_000d, 0, most);
        Assert.Equal(isFull, filter.IsFull);
        Assert.InRange(filter.Videos, 0.98 * videos, videos);
    }

    [Fact]
    public void Nobody_can_tell_beforehand_which_ids_it_takes_for_known()
    {
        var (one, other) = (new VideoFilter(1, 512), new VideoFilter(1, 512));

        Assert.NotEqual(one.Seed, other.Seed);
        Assert.NotEqual(one.Hash(VideoId.Parse("kittens")), other.Hash(VideoId.Parse("kittens")));
    }

    private static IEnumerable<VideoId> Named(string prefix, int count) => Enumerable.Range(0, count).Select(number => VideoId.Parse($"{prefix}-{number}"));
}
