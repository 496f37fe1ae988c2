using Orleans.Counter.Cli;
using Orleans.Counter.Cli.Commands;
using Orleans.Counter.Client;
using Xunit;

namespace Orleans.Counter.Tests.Cli;

public sealed class ImportTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();
    private readonly SteppedTime _time = new(new DateTimeOffset(2026, 11, 23, 10, 5, 30, TimeSpan.Zero));
    private readonly CountsById _counter = new();
    private readonly StringWriter _output = new();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task Every_event_of_the_file_is_counted_in_its_minute_and_a_second_import_changes_nothing()
    {
        Write("kittens,2017-09-13,25000,10000", "kittens,2017-09-14,12345678,9999", "puppies,2017-09-13,9999,0");

        Assert.Equal(0, await Import());
        var once = _counter.Counted.Order().ToList();
        _time.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(0, await Import());

        Assert.Equal(
            [
                ("kittens", "like", new DateTimeOffset(2026, 11, 23, 10, 3, 0, TimeSpan.Zero), 1),
                ("kittens", "view", new DateTimeOffset(2026, 11, 23, 10, 3, 0, TimeSpan.Zero), 2),
                ("kittens", "view", new DateTimeOffset(2026, 11, 23, 10, 4, 0, TimeSpan.Zero), 1234),
            ],
            once.CountBy(e => e).Select(minute => (minute.Key.Video, minute.Key.Type, minute.Key.Minute, minute.Value)));
        Assert.Equal(once, _counter.Counted.Order());
        Assert.Contains("Sent 1,236 view and 1 like events of 1 videos, in the 2 minutes", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_difference_that_stays_fails_the_import_after_ten_quiet_seconds()
    {
        Write("kittens,2017-09-13,25000,10000");
        _counter.Wrong = -1;
        var began = _time.GetUtcNow();

        var import = Import();
        await _time.Run(import, TimeSpan.FromMinutes(1));

        Assert.Equal(1, await import);
        Assert.InRange((_time.GetUtcNow() - began).TotalSeconds, 10, 11);
        Assert.Contains("view  kittens               2               1              -1", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_count_that_is_only_late_is_waited_for()
    {
        Write("kittens,2017-09-13,25000,10000");
        _counter.Wrong = -1;

        var import = Import();
        await _time.Run(import, TimeSpan.FromSeconds(5));
        _counter.Wrong = 0;
        await _time.Run(import, TimeSpan.FromSeconds(5));

        Assert.Equal(0, await import);
    }

    [Fact]
    public async Task A_rejected_event_fails_the_import_and_is_named()
    {
        Write("kittens,2017-09-13,25000,10000", "puppies,2017-09-13,10000,0");
        _counter.Rejects = "puppies";

        var import = Import();
        await _time.Run(import, TimeSpan.FromMinutes(1));

        Assert.Equal(1, await import);
        Assert.Contains("puppies:2017-09-13:view:0: unknown_video, never heard of it", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_sent_of_a_file_whose_last_line_is_bad()
    {
        Write([.. Enumerable.Repeat("kittens,2017-09-13,25000,10000", 5_000), "kittens,2017-09-13,25000,"]);

        var failure = await Assert.ThrowsAsync<CommandFailedException>(Import);

        Assert.Contains("line 5002, column likes", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0, _counter.Requests);
    }

    private Task<int> Import() => ImportCommand.Run(_file, 10_000,
        new CounterClient(new HttpClient(_counter) { BaseAddress = new("http://counter") }), _time, _output, TestContext.Current.CancellationToken);

    private void Write(params string[] rows) => File.WriteAllLines(_file, ["video_id,date,views,likes", .. rows]);
}
