namespace Orleans.Counter.Client;

/// <summary>What a minute of a day that is long over holds: what is written here replaces what was counted, corrected or imported of it before.</summary>
/// <param name="VideoId">The video.</param>
/// <param name="Type">What happened.</param>
/// <param name="Minute">A whole minute.</param>
/// <param name="Count">How often; 0 empties the minute.</param>
/// <param name="Sum">Of the values; null: the count.</param>
/// <param name="Min">The smallest value; null: 1.</param>
/// <param name="Max">The largest value; null: 1.</param>
public readonly record struct HistoryMinute(VideoId VideoId, EventType Type, DateTimeOffset Minute, long Count, double? Sum = null, double? Min = null, double? Max = null);

/// <summary>What the service said to the minutes of one call.</summary>
/// <param name="DaysSet">How many days of a video and type hold something else now.</param>
/// <param name="DaysUnchanged">How many held the same before.</param>
/// <param name="Rejected">Minutes that break a rule; nothing of them was set.</param>
/// <param name="Refused">Days that cannot be set; nothing of them was set.</param>
public sealed record HistoryResult(int DaysSet, int DaysUnchanged, IReadOnlyList<RejectedMinute> Rejected, IReadOnlyList<RefusedDay> Refused);

/// <summary>A minute that breaks a rule.</summary>
/// <param name="Line">Its place in the list that was sent, from 1.</param>
/// <param name="Code">The stable, machine-readable reason, such as <c>invalid_sum</c>.</param>
/// <param name="Detail">The reason in words.</param>
public sealed record RejectedMinute(int Line, string Code, string Detail);

/// <summary>A day of a video and type that cannot be set.</summary>
/// <param name="VideoId">The video.</param>
/// <param name="Type">The type.</param>
/// <param name="Day">The day, in UTC.</param>
/// <param name="Lines">How many of the minutes that were sent are of it.</param>
/// <param name="Code">The stable, machine-readable reason, such as <c>counted_live</c>.</param>
/// <param name="Detail">The reason in words.</param>
public sealed record RefusedDay(string VideoId, string Type, DateOnly Day, int Lines, string Code, string Detail);
