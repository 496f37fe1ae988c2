namespace Orleans.Counter;

/// <summary>One minute of UTC: includes its start and excludes its end. Minutes are numbered from 1970.</summary>
[GenerateSerializer, Immutable, Alias("counter.minute")]
internal readonly record struct Minute([property: Id(0)] int Number) : IComparable<Minute>
{
    public const int PerHour = 60;
    public const int PerDay = 1440;

    /// <summary>The hour that holds the minute, numbered from 1970.</summary>
    public int Hour => Number / PerHour;

    /// <summary>0 to 59.</summary>
    public int OfHour => Number % PerHour;

    public DateTimeOffset Start => DateTimeOffset.UnixEpoch.AddMinutes(Number);

    public static Minute Of(DateTimeOffset time) => OfUnixMilliseconds(time.ToUnixTimeMilliseconds());

    public static Minute OfUnixMilliseconds(long milliseconds) => new((int)(milliseconds / 60_000));

    public static DateTimeOffset HourStart(int hour) => DateTimeOffset.UnixEpoch.AddHours(hour);

    public int CompareTo(Minute other) => Number.CompareTo(other.Number);

    public static bool operator <(Minute left, Minute right) => left.Number < right.Number;
    public static bool operator >(Minute left, Minute right) => left.Number > right.Number;
    public static bool operator <=(Minute left, Minute right) => left.Number <= right.Number;
    public static bool operator >=(Minute left, Minute right) => left.Number >= right.Number;

    public override string ToString() => Start.ToString("yyyy-MM-dd'T'HH:mm'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
