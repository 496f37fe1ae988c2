using System.Text;
using Xunit;

namespace Orleans.Counter.Tests.Http;

/// <summary><c>examples/counter.http</c>: every call of the service, and each of them works.</summary>
public sealed class HttpFileTests(RunningService running) : IClassFixture<RunningService>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_endpoint_of_the_document_is_in_it_and_nothing_else()
    {
        var file = new HttpFile(Repository.Read("examples", "counter.http"));
        file.Set("sent.response.headers.Counter-Ack", "token");
        file.Set("recounted.response.headers.Location", "/v1/admin/operations/0123456789abcdef0123456789abcdef");
        var asked = file.Requests.Select(request => (request.Line, Operation: ApiContract.Find(request.Method, new Uri(file.Filled(request.Address)).PathAndQuery))).ToList();

        Assert.All(asked, request => Assert.True(request.Operation is not null, $"Line {request.Line} asks what is in no document."));
        Assert.Equal([], ApiContract.Operations.Except(asked.Select(request => request.Operation!)).Select(operation => operation.ToString()));
    }

    [Fact]
    public async Task It_can_be_sent_from_its_first_line_to_its_last()
    {
        var file = new HttpFile(Repository.Read("examples", "counter.http"));
        file.Set("host", running.Service.Http.BaseAddress!.ToString().TrimEnd('/'));
        await running.Service.Cluster.DeadLetters.Add(
            new(file.Filled("{{letter}}").Replace('.', '/'), "out_of_time", "Older than 7 days.", 1, """[{"index":0,"videoId":"kittens","type":"view","timestamp":"2026-01-05T10:05:00Z","value":1}]"""u8.ToArray()), Stop);
        foreach (var asked in file.Requests)
        {
            using var request = new HttpRequestMessage(new(asked.Method), file.Filled(asked.Address));
            if (asked.Body.Length > 0) request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(file.Filled(asked.Body)));
            foreach (var (name, value) in asked.Headers) if (!request.Headers.TryAddWithoutValidation(name, file.Filled(value))) request.Content!.Headers.TryAddWithoutValidation(name, file.Filled(value));

            using var answer = await running.Service.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop);

            if (!answer.IsSuccessStatusCode) Assert.Fail($"Line {asked.Line}: {asked.Method} {asked.Address} is answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(Stop)}");
            if (asked.Name is not null)
                foreach (var (name, values) in answer.Headers) file.Set($"{asked.Name}.response.headers.{name}", string.Join(',', values));
        }
    }
}
