using Orleans.Counter.Dev.Protocol;
using Xunit;

namespace Orleans.Counter.Tests.Dev;

public sealed class EntityPathTests
{
    [Theory]
    [InlineData("counts")]
    [InlineData("/counts")]
    [InlineData("amqps://localhost:5671/counts")]
    [InlineData("sb://localhost/counts/")]
    public void A_hub_is_found_however_it_is_written(string address)
    {
        var path = EntityPath.Parse(address);
        Assert.True(path.IsHub);
        Assert.Equal("counts", path.Hub);
    }

    [Theory]
    [InlineData("counts/Partitions/3")]
    [InlineData("/counts/partitions/3")]
    [InlineData("amqp://localhost/counts/Partitions/3")]
    public void A_sender_may_name_a_partition(string address) => Assert.Equal("3", EntityPath.Parse(address).SenderPartition);

    [Theory]
    [InlineData("counts/ConsumerGroups/$Default/Partitions/0")]
    [InlineData("amqps://localhost/counts/consumergroups/%24Default/partitions/0")]
    public void A_reader_names_a_group_and_a_partition(string address)
    {
        var path = EntityPath.Parse(address);
        Assert.Equal(("counts", "$Default", "0"), (path.Hub, path.Group, path.ReaderPartition));
    }

    [Theory]
    [InlineData("$management", true)]
    [InlineData("counts/$management", true)]
    [InlineData("counts", false)]
    [InlineData("counts/Partitions/$management", false)]
    public void Management_is_one_for_all_hubs_or_of_one(string address, bool expected) => Assert.Equal(expected, EntityPath.Parse(address).IsManagement);

    [Theory]
    [InlineData("0", 0)]
    [InlineData("3", 3)]
    [InlineData("4", null)]
    [InlineData("-1", null)]
    [InlineData("+1", null)]
    [InlineData("x", null)]
    [InlineData("99999999999", null)]
    public void A_partition_is_a_number_below_their_count(string id, int? expected) => Assert.Equal(expected, EntityPath.Partition(id, 4));
}
