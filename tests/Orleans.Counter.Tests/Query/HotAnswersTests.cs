using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Counter.Query;
using Xunit;

namespace Orleans.Counter.Tests.Query;

/// <summary>What many ask in the same second is found once.</summary>
public sealed class HotAnswersTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _clock = new();
    private readonly HotAnswers _hot;
    private int _found;

    public HotAnswersTests() => _hot = new(_clock, new(_services.GetRequiredService<IMeterFactory>()));

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_asked_now_and_then_is_found_each_time()
    {
        for (var second = 1; second <= 3; second++)
        {
            for (var i = 0; i < HotAnswers.HotPerSecond; i++) await Ask();
            Assert.Equal(HotAnswers.HotPerSecond * second, _found);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Theory, InlineData(1, 10), InlineData(50, 500), InlineData(100, 1000), InlineData(300, 1000)]
    public async Task A_hot_answer_is_given_again_for_ten_times_as_long_as_it_took_but_no_longer_than_a_second(int took, int lasts)
    {
        var answer = await HotAfter(TimeSpan.FromMilliseconds(took));

        _clock.Advance(TimeSpan.FromMilliseconds(lasts - took - 1));
        Assert.Equal(answer, await Ask());
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(answer + 1, await Ask());
    }

    [Fact]
    public async Task All_who_wait_for_a_hot_answer_get_the_same()
    {
        await Heat();
        var found = new TaskCompletionSource<int>();
        Task<int>[] asked = [.. Enumerable.Range(0, 5).Select(_ => _hot.Get("question", _ => found.Task, Cancelled))];

        found.SetResult(7);

        Assert.All(await Task.WhenAll(asked), answer => Assert.Equal(7, answer));
    }

    [Fact]
    public async Task Who_leaves_does_not_take_the_answer_of_the_others_along()
    {
        await Heat();
        using var leaving = new CancellationTokenSource();
        var found = new TaskCompletionSource<int>();
        var leaver = _hot.Get("question", token => found.Task.WaitAsync(token), leaving.Token);
        var other = _hot.Get("question", token => found.Task.WaitAsync(token), Cancelled);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaver);
        found.SetResult(7);

        Assert.Equal(7, await other);
    }

    [Fact]
    public async Task What_is_asked_after_a_write_was_shown_or_made_is_found_after_it()
    {
        var before = await HotAfter(TimeSpan.FromMilliseconds(100));
        Assert.Equal(before, await Ask());

        _hot.Forget("question");
        var shown = await Ask();
        Assert.Equal(before + 1, shown);

        _hot.ForgetAll();
        Assert.Equal(shown + 1, await Ask());
    }

    [Fact]
    public async Task What_fails_is_tried_again_by_the_next_one()
    {
        await Heat();
        await Assert.ThrowsAsync<TimeoutException>(() => _hot.Get<int>("question", _ => throw new TimeoutException(), Cancelled));

        Assert.Equal(_found + 1, await Ask());
    }

    [Fact]
    public async Task One_question_does_not_make_another_one_hot()
    {
        await HotAfter(TimeSpan.FromMilliseconds(100));

        Assert.Equal(42, await _hot.Get("another", _ => Task.FromResult(42), Cancelled));
    }

    public void Dispose() => _services.Dispose();

    private Task<int> Ask() => _hot.Get("question", _ => Task.FromResult(++_found), Cancelled);

    private async Task Heat()
    {
        for (var i = 0; i < HotAnswers.HotPerSecond; i++) await Ask();
    }

    /// <summary>Makes the question hot, and finds an answer that takes a while.</summary>
    private async Task<int> HotAfter(TimeSpan took)
    {
        await Heat();
        return await _hot.Get("question", _ =>
        {
            _clock.Advance(took);
            return Task.FromResult(++_found);
        }, Cancelled);
    }
}
