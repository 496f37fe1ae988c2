using Orleans.Concurrency;

namespace Orleans.Counter.Recount;

/// <summary>A recount that somebody has asked for. It goes on by itself; if its silo dies, it begins anew when it is asked after.</summary>
/// <remarks>Keyed by its id: 32 hexadecimal digits, random.</remarks>
[GrainInterfaceType("recount")]
internal interface IRecountGrain : IGrainWithStringKey
{
    /// <summary>Writes down what is wanted, and begins. Once.</summary>
    /// <param name="video">The video.</param>
    /// <param name="from">The first minute.</param>
    /// <param name="to">The minute after the last one.</param>
    /// <param name="repair">Whether what differs is set to what was recounted.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    [Alias("begin")]
    ValueTask<Operation> Begin(VideoId video, Minute from, Minute to, bool repair, CancellationToken cancellationToken = default);

    /// <summary>How far it is; null if there is none. Reads one blob if it sleeps.</summary>
    [Alias("ask"), AlwaysInterleave]
    ValueTask<Operation?> Ask(CancellationToken cancellationToken = default);
}
