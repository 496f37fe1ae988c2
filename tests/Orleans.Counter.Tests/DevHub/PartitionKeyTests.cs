using Orleans.Counter.Dev.Hubs;
using Xunit;

namespace Orleans.Counter.Tests.Dev;

public sealed class PartitionKeyTests
{
    // What the official JavaScript client answers, for 4, 32 and 1009 partitions: keys of no, less than one, exactly one and many blocks of 12 bytes.
    [Theory]
    [InlineData("", 0, 0, 0)]
    [InlineData("a", 0, 28, 76)]
    [InlineData("order-42", 3, 19, 639)]
    [InlineData("exactly12chr", 2, 14, 298)]
    [InlineData("thirteen-char", 0, 24, 640)]
    [InlineData("ключ", 2, 14, 895)]
    [InlineData("a-very-long-partition-key-that-spans-blocks", 0, 12, 385)]
    [InlineData("7149583486996073602", 1, 17, 869)]
    [InlineData("FWfAT", 1, 5, 143)]
    public void A_key_goes_where_the_official_clients_say(string key, int of4, int of32, int of1009) =>
        Assert.Equal((of4, of32, of1009), (PartitionKey.Partition(key, 4), PartitionKey.Partition(key, 32), PartitionKey.Partition(key, 1009)));
}
