namespace Orleans.Counter;

/// <summary>How long a window is that videos are ranked in.</summary>
[GenerateSerializer, Alias("counter.windowlength")]
internal enum WindowLength
{
    Hour,
    Day,

    /// <summary>From Monday on.</summary>
    Week,
}

/// <summary>One hour, day or week of UTC that videos are ranked in: includes its start and excludes its end.</summary>
/// <param name="Length">Which of them.</param>
/// <param name="Number">Counted from the one that holds the beginning of 1970.</param>
[GenerateSerializer, Immutable, Alias("counter.topwindow")]
internal readonly record struct TopWindow([property: Id(0)] WindowLength Length, [property: Id(1)] int Number)
{
    private const int FirstMonday = -3; // The week that holds the beginning of 1970 began on the 29th of December.

    public static readonly IReadOnlyList<WindowLength> Lengths = [WindowLength.Hour, WindowLength.Day, WindowLength.Week];

    public static TopWindow Of(WindowLength length, Minute minute) => new(length, length switch
    {
        WindowLength.Hour => minute.Hour,
        WindowLength.Day => minute.Number / Minute.PerDay,
        _ => ((minute.Number / Minute.PerDay) - FirstMonday) / 7,
    });

    /// <summary>The first minute; before 1970 it is that of the window all the same.</summary>
    public DateTimeOffset Start => Length switch
    {
        WindowLength.Hour => DateTimeOffset.UnixEpoch.AddHours(Number),
        WindowLength.Day => DateTimeOffset.UnixEpoch.AddDays(Number),
        _ => DateTimeOffset.UnixEpoch.AddDays((Number * 7) + FirstMonday),
    };

    public DateTimeOffset End => Next.Start;

    public TopWindow Next => this with { Number = Number + 1 };

    public TopWindow Previous => this with { Number = Number - 1 };

    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Length} {Start:yyyy-MM-dd'T'HH:mm'Z'}");

    /// <summary>True if somebody may still ask for it: it is the last full one, or the running one, or comes next.</summary>
    public bool IsAskedFor(DateTimeOffset now) => Number >= Of(Length, Minute.Of(now)).Number - 1;
}

/// <summary>How often a type of a video was counted in a window.</summary>
[GenerateSerializer, Immutable, Alias("counter.windowcount")]
internal readonly record struct WindowCount([property: Id(0)] EventType Type, [property: Id(1)] TopWindow Window, [property: Id(2)] long Count);

/// <summary>The most counted videos of a window, with the most counted first.</summary>
internal sealed record TopList(EventType Type, TopWindow Window, IReadOnlyList<TopVideo> Videos);

/// <summary>A video of a list, and how often it was counted.</summary>
[GenerateSerializer, Immutable, Alias("counter.topvideo")]
internal readonly record struct TopVideo([property: Id(0)] VideoId Video, [property: Id(1)] long Count)
{
    /// <summary>The most counted first; of those that are counted alike, by their ids.</summary>
    public static IOrderedEnumerable<TopVideo> Ranked(IEnumerable<TopVideo> videos) => videos.OrderByDescending(video => video.Count).ThenBy(video => video.Video.Value, StringComparer.Ordinal);
}
