using Orleans.Counter.Storage;

namespace Orleans.Counter.Counting;

/// <summary>What one commit stores of a video.</summary>
/// <param name="Row">The row.</param>
/// <param name="Settled">The hours that go into day rows in the same transaction.</param>
/// <param name="Settling">The same hours, and how often each had changed when it was captured.</param>
internal sealed record Capture(VideoRow Row, IReadOnlyList<HourCells> Settled, IReadOnlyList<(OpenHour Hour, int Changes)> Settling);
