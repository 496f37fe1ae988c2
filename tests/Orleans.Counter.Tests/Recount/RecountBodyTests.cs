using System.Net;
using Orleans.Counter.Tests.Http;
using Xunit;

namespace Orleans.Counter.Tests.Recount;

/// <summary>What a recount may be asked for.</summary>
public sealed class RecountBodyTests(RunningService running) : IClassFixture<RunningService>
{
    [Theory]
    [InlineData("[]", "malformed_body")]
    [InlineData("""{"videoId":"v","from":"2026-11-23T10:00Z"}""", "malformed_body")]
    [InlineData("""{"videoId":"v","from":"2026-11-23T10:00Z","to":"2026-11-23T11:00Z","repair":1}""", "malformed_body")]
    [InlineData("""{"videoId":"v","from":"2026-11-23T10:00Z","to":"2026-11-23T11:00Z","type":"view"}""", "unknown_member")]
    [InlineData("""{"videoId":"v w","from":"2026-11-23T10:00Z","to":"2026-11-23T11:00Z"}""", "invalid_video_id")]
    [InlineData("""{"videoId":"v","from":"2026-11-23T10:00:30Z","to":"2026-11-23T11:00Z"}""", "invalid_range")]
    [InlineData("""{"videoId":"v","from":"2026-11-23T10:00Z","to":"2026-11-23T10:00Z"}""", "invalid_range")]
    [InlineData("""{"videoId":"v","from":"2026-10-23T10:00Z","to":"2026-11-23T10:01Z"}""", "invalid_range")]
    public async Task A_wrong_body_is_told_what_would_be_right(string body, string code) =>
        (await running.Service.Send("POST", "/v1/admin/recount", body, "application/json")).IsProblem(HttpStatusCode.BadRequest, code);

    [Theory, InlineData("x"), InlineData("0123456789abcdef0123456789abcdef"), InlineData("0123456789ABCDEF0123456789abcdef")]
    public async Task What_is_no_operation_is_not_found(string id) => (await running.Service.Ask("GET", $"/v1/admin/operations/{id}")).IsProblem(HttpStatusCode.NotFound, "not_found");
}
