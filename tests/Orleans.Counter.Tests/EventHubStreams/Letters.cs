using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Counter.EventHubs;
using Orleans.Counter.EventHubStreams;
using Orleans.Providers.Streams.Common;
using Orleans.Streams;
using Orleans.Streams.Core;
using Orleans.TestingHost;

namespace Orleans.Counter.Tests.EventHubStreams;

/// <summary>The smallest application of the stream provider: a message is a word, and each of its letters belongs to the stream of that letter.</summary>
internal sealed class Letters(IReadOnlyDictionary<char, Listening> listening) : IEventHubDataAdapter, IPartitionDataAdapter
{
    public const string Namespace = "letters";

    public IReadOnlyList<StreamId> Streams { get; } = [.. listening.Keys.Select(letter => StreamId.Create(Namespace, letter.ToString()))];

    public IPartitionDataAdapter TakeOver(string partitionId) => new Letters(listening);

    public Task<PartitionStart> Start(CancellationToken cancellationToken)
    {
        long[] after = [.. listening.Values.Select(one => one.Stored)];
        return Task.FromResult(new PartitionStart(after.Min() < 0 ? EventPosition.Earliest : EventPosition.After(after.Min()), after));
    }

    public ValueTask Read(ReceivedEvent message, IStreamSink sink, CancellationToken cancellationToken)
    {
        foreach (var letter in Encoding.ASCII.GetString(message.Body.Span))
        {
            var stream = listening.Keys.ToList().IndexOf(letter);
            if (sink.Wants(stream)) sink.Add(stream, string.Create(CultureInfo.InvariantCulture, $"{message.SequenceNumber}{letter}"), weight: 100);
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>What one stream's listener has stored, and what it was given: outlives its activations.</summary>
internal sealed class Listening
{
    private readonly Lock _lock = new();
    private readonly List<string> _taken = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Where a new activation goes on.</summary>
    public long Stored { get; set; } = -1;

    /// <summary>The listener's answer to its next delivery: an exception stands for a failure at any depth.</summary>
    public Func<EventHubRange, Task> Reacts { get; set; } = _ => Task.CompletedTask;

    /// <summary>Up to where the activation that listens now has been told.</summary>
    public long Told { get; private set; } = -1;

    /// <summary>Ranges that began after the place up to which the listener knew: whoever took one would skip something.</summary>
    public int Gaps { get; set; }

    public IReadOnlyList<string> Taken
    {
        get
        {
            lock (_lock) return [.. _taken];
        }
    }

    public void Take(EventHubRange range, long known)
    {
        lock (_lock)
        {
            _taken.AddRange(range.Items.Cast<string>().Where(item => long.Parse(item[..^1], CultureInfo.InvariantCulture) > known));
            Told = range.Last;
            _changed.TrySetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public async Task Until(Func<Listening, bool> condition)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (condition(this)) return;
                changed = _changed.Task;
            }

            await changed.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }
}

internal interface IListenerGrain : IGrainWithStringKey
{
    /// <summary>Forgets everything that is not stored, as a crash would.</summary>
    Task Forget();
}

[GrainType("listener"), ImplicitStreamSubscription(Letters.Namespace)]
internal sealed class ListenerGrain(IReadOnlyDictionary<char, Listening> listening)
    : Grain, IListenerGrain, IStreamSubscriptionObserver, IAsyncObserver<EventHubRange>
{
    private long _known;

    private Listening Listening => listening[this.GetPrimaryKeyString()[0]];

    public Task OnSubscribed(IStreamSubscriptionHandleFactory handles)
    {
        _known = Listening.Stored;
        return handles.Create<EventHubRange>().ResumeAsync(this, new EventSequenceTokenV2(_known));
    }

    public async Task OnNextAsync(EventHubRange range, StreamSequenceToken? token = null)
    {
        try
        {
            await Listening.Reacts(range);
            if (range.After > _known)
            {
                Listening.Gaps++;
                throw new InvalidOperationException($"{range} begins after {_known}.");
            }
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }

        Listening.Take(range, _known);
        _known = Math.Max(_known, range.Last);
    }

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;

    public Task Forget()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}

/// <summary>A silo whose listeners hear a memory hub of one partition.</summary>
internal sealed class LettersCluster : IAsyncDisposable
{
    private readonly InProcessTestCluster _cluster;

    private LettersCluster(InProcessTestCluster cluster, MemoryHub hub, IReadOnlyDictionary<char, Listening> listening)
    {
        _cluster = cluster;
        Hub = hub;
        Listening = listening;
    }

    public MemoryHub Hub { get; }

    public IReadOnlyDictionary<char, Listening> Listening { get; }

    public static async Task<LettersCluster> Start(string letters = "abcd", int bytesMax = 1 << 20, int silos = 1)
    {
        var hub = new MemoryHub(1, TimeProvider.System);
        IReadOnlyDictionary<char, Listening> listening = letters.ToDictionary(letter => letter, _ => new Listening());
        var builder = new InProcessTestClusterBuilder((short)silos);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton(listening);
            silo.AddEventHubStreams("letters", streams => streams
                .ConfigureEventHub(options => options.Configure(hubOptions => hubOptions.ConfigureEventHubConnection(_ => hub)))
                .ConfigurePartitionReceiver(options => options.Configure(reading =>
                {
                    reading.Beat = TimeSpan.FromMilliseconds(100);
                    reading.Linger = TimeSpan.FromMilliseconds(5);
                    reading.RetryAfter = TimeSpan.FromMilliseconds(100);
                }))
                .ConfigureCachePressuring(options => options.Configure(caching =>
                {
                    caching.BytesMax = bytesMax;
                    caching.StreamShare = 0.1;
                }))
                .UseDataAdapter((services, _) => new Letters(services.GetRequiredService<IReadOnlyDictionary<char, Listening>>())));
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new(cluster, hub, listening);
    }

    public void Say(string word) => Hub.Append("0", new EventData(Encoding.ASCII.GetBytes(word)));

    public Task Forget(char letter) => _cluster.Client.GetGrain<IListenerGrain>(letter.ToString()).Forget();

    /// <summary>Waits until every listener has been told of everything that was said.</summary>
    public async Task Hear()
    {
        var last = Hub.Log("0").Count - 1;
        foreach (var listening in Listening.Values) await listening.Until(one => one.Told >= last);
    }

    public IEnumerable<string> Said(char letter) =>
        Hub.Log("0").Where(message => Encoding.ASCII.GetString(message.Body.Span).Contains(letter, StringComparison.Ordinal)).Select(message => $"{message.SequenceNumber}{letter}");

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();
}
