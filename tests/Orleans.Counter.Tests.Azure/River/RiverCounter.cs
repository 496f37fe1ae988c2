using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Orleans.Counter.Tests.Azure.River;

/// <summary>One running service for all tests of a class. Each test has videos of its own.</summary>
public partial class RiverCounter : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("river-").FullName;
    private readonly int _silos;
    private LocalCounter? _counter;
    private Answers? _answers;

    public RiverCounter() : this(silos: 1)
    {
    }

    protected RiverCounter(int silos) => _silos = silos;

    /// <summary>How many views or likes of the example are one event.</summary>
    public static long Scale { get; } = Environment.GetEnvironmentVariable("COUNTER_LONG") is "1" ? 10_000 : 100_000;

    public LocalCounter Local => _counter ?? throw new InvalidOperationException("It has not been started.");

    /// <summary>What its silos answer.</summary>
    internal Answers Answers => _answers ?? throw new InvalidOperationException("It has not been started.");

    public async ValueTask InitializeAsync()
    {
        _counter = await LocalCounter.StartAsync(_silos);
        _answers = new([.. _counter.Silos]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_counter is not null) await _counter.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts to import a file, by way of the first silo.</summary>
    /// <param name="file">The file.</param>
    /// <param name="scale">How many views or likes are one event; <see cref="Scale"/> if not given.</param>
    internal LocalImport Import(TrendingFile file, long? scale = null)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid():N}.csv");
        file.Save(path);
        return new(path, scale ?? Scale, Local.Url);
    }

    /// <summary>What an import has sent, by what it has printed.</summary>
    internal static Expected Sent(TrendingFile file, string output, long? scale = null)
    {
        var said = Said().Match(output);
        Assert.True(said.Success, output);
        var (from, to) = (Time(said.Groups["from"].Value), Time(said.Groups["to"].Value));
        Assert.Equal((file.Dates.Count, to), (int.Parse(said.Groups["count"].Value, CultureInfo.InvariantCulture), from.AddMinutes(file.Dates.Count - 1)));
        var minutes = file.Dates.Select((date, i) => (date, from.AddMinutes(i))).ToDictionary();
        return new(
            file.Events(scale ?? Scale).ToDictionary(
                events => events.Key, events => new SortedDictionary<DateTimeOffset, long>(events.Value.ToDictionary(date => minutes[date.Key], date => date.Value))),
            from, to);

        static DateTimeOffset Time(string text) => DateTimeOffset.ParseExact(text, "u", CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("in the (?<count>[0-9]+) minutes from (?<from>[^ ]+ [^ ]+Z) to (?<to>[^ ]+ [^ ]+Z)")]
    private static partial Regex Said();
}
