using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace Orleans.Counter.Tests.Http;

/// <summary>From one request to another, with everything between them: what is promised of events that were accepted.</summary>
public sealed class WholeServiceTests(RunningService running) : IClassFixture<RunningService>
{
    private const string Json = "application/json";

    [Fact]
    public async Task An_event_that_comes_again_with_its_id_is_counted_once_and_one_without_an_id_each_time()
    {
        const string body = """{"events":[{"videoId":"again","id":"a"},{"videoId":"again","id":"a"},{"videoId":"again","type":"like","id":"a"},{"videoId":"again"}]}""";
        (await running.Service.Send("POST", "/v1/events", body, Json)).IsAccepted(4);
        (await running.Service.Send("POST", "/v1/events", body, Json)).IsAccepted(4);
        await running.Service.Cluster.Stored();

        var video = await Get("/v1/videos/again");

        Assert.Equal((3, 1, 4), ((int)video["totals"]!["view"]!["count"]!, (int)video["totals"]!["like"]!["count"]!, (int)video["duplicates"]!));
    }

    [Fact]
    public async Task The_33rd_type_of_a_video_is_accepted_and_set_aside()
    {
        var events = string.Join(',', Enumerable.Range(0, 33).Select(type => $$"""{"videoId":"many-types","type":"type_{{type}}"}"""));
        (await running.Service.Send("POST", "/v1/events", $$"""{"events":[{{events}}]}""", Json)).IsAccepted(33);
        await running.Service.Cluster.Stored();

        var video = await Get("/v1/videos/many-types");

        Assert.Equal((32, 1), (video["totals"]!.AsObject().Count, (int)video["deadLettered"]!));
    }

    [Fact]
    public async Task What_a_beacon_sends_is_a_view()
    {
        (await running.Service.Send("POST", "/v1/videos/beacon/views", "", "text/plain;charset=UTF-8")).IsAccepted(1);
        (await running.Service.Send("POST", "/v1/videos/beacon/views", """{"id":"b","value":2.5}""", "text/plain;charset=UTF-8")).IsAccepted(1);
        await running.Service.Cluster.Stored();

        Assert.Equal("""{"videoId":"beacon","type":"view","count":2,"sum":3.5,"avg":1.75,"min":1,"max":2.5}""", (await Get("/v1/videos/beacon/stats")).ToJsonString());
    }

    [Fact]
    public async Task The_audit_comes_out_even()
    {
        (await running.Service.Send("POST", "/v1/events", """{"events":[{"videoId":"audited"},{"videoId":""}]}""", Json)).IsAccepted(1, "1 invalid_video_id");
        await running.Service.Cluster.Stored();

        var audit = await Get("/v1/audit");

        Assert.Equal((long)audit["accepted"]!, (long)audit["counted"]! + (long)audit["duplicates"]! + (long)audit["deadLettered"]! + (long)audit["inFlight"]!);
        Assert.Equal(0, (long)audit["difference"]!);
        Assert.InRange((long)audit["accepted"]!, 1, long.MaxValue);
    }

    [Theory]
    [InlineData("PUT", "/v1/videos/strict", "{\uFEFF}")]
    [InlineData("PUT", "/v1/videos/strict", "\uFEFF{}")]
    [InlineData("PUT", "/v1/videos/strict", "{} {}")]
    [InlineData("PUT", "/v1/videos/strict", "{/**/}")]
    [InlineData("PUT", "/v1/videos/strict", "{\"title\":\"a\",}")]
    [InlineData("POST", "/v1/counts", "\uFEFF{\"videoIds\":[\"a\"]}")]
    [InlineData("POST", "/v1/admin/corrections", "\uFEFF{}")]
    public async Task Bodies_are_strict_wherever_they_are_read(string method, string address, string body) =>
        (await running.Service.Send(method, address, body, Json)).IsProblem(HttpStatusCode.BadRequest, "malformed_body");

    private async Task<JsonNode> Get(string address) => (await running.Service.Ask("GET", address)).Body!;

    [Theory, InlineData("-1"), InlineData("1001")]
    public async Task Days_of_rollup_have_bounds(string days) => (await running.Service.Ask("GET", $"/v1/admin/rollups?days={days}")).IsProblem(HttpStatusCode.BadRequest, "invalid_days");

    [Fact]
    public async Task Rollup_says_how_far_each_group_is() =>
        Assert.Equal(Group.Count, (await running.Service.Ask("GET", "/v1/admin/rollups?days=0")).Body!["groups"]!.AsArray().Count);
}
