using Orleans.Counter.EventHubStreams;
using Orleans.Streams;
using Orleans.Streams.Core;

namespace Orleans.Counter.Tests.Simulation;

/// <summary>An activation's side of its stream, as Orleans' own: who does not deliver what is expected is told what is.</summary>
internal sealed class SimSubscription(Grain grain, Activation activation) : IStreamSubscriptionHandleFactory
{
    private IAsyncObserver<EventHubRange>? _observer;

    /// <summary>What the next delivery has to follow; null while nobody has subscribed.</summary>
    public Handshake? Expected { get; private set; }

    public StreamId StreamId => StreamId.Create(Counter.StreamNames.Shards, activation.GrainId.Key.ToString()!);

    public string ProviderName => Counter.StreamNames.Provider;

    public GuidId SubscriptionId => throw new NotSupportedException();

    public async Task<Handshake?> Deliver(EventHubRange range, Handshake? known)
    {
        if (_observer is null) await ((IStreamSubscriptionObserver)grain).OnSubscribed(this);
        if (Expected is not null && Expected != known) return Expected;
        if (Expected is { IsStart: false } && Expected.Token.Equals(range.SequenceToken)) return Expected;
        await _observer!.OnNextAsync(range, range.SequenceToken);
        Expected = new(IsStart: false, range.SequenceToken);
        return null;
    }

    public StreamSubscriptionHandle<T> Create<T>() => new Handle<T>(this);

    private sealed class Handle<T>(SimSubscription subscription) : StreamSubscriptionHandle<T>
    {
        public override StreamId StreamId => subscription.StreamId;

        public override string ProviderName => subscription.ProviderName;

        public override Guid HandleId => throw new NotSupportedException();

        public override Task UnsubscribeAsync() => throw new NotSupportedException();

        public override Task<StreamSubscriptionHandle<T>> ResumeAsync(IAsyncObserver<T> observer, StreamSequenceToken? token = null)
        {
            subscription._observer = (IAsyncObserver<EventHubRange>)observer;
            subscription.Expected = token is null ? null : new(IsStart: true, token);
            return Task.FromResult<StreamSubscriptionHandle<T>>(this);
        }

        public override Task<StreamSubscriptionHandle<T>> ResumeAsync(IAsyncBatchObserver<T> observer, StreamSequenceToken? token = null) => throw new NotSupportedException();

        public override bool Equals(StreamSubscriptionHandle<T>? other) => ReferenceEquals(this, other);
    }
}
