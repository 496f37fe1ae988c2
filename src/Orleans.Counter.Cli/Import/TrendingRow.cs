namespace Orleans.Counter.Cli.Import;

/// <summary>One line of the file: what a video had on a day.</summary>
internal readonly record struct TrendingRow(VideoId Video, DateOnly Date, long Views, long Likes);
