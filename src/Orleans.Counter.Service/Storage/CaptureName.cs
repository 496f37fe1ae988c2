using System.Globalization;
using System.Text.RegularExpressions;

namespace Orleans.Counter.Storage;

/// <summary>How the captured files of a partition are named.</summary>
internal sealed class CaptureName
{
    public static readonly IReadOnlyList<string> Fields = ["{Namespace}", "{EventHub}", "{PartitionId}", "{Year}", "{Month}", "{Day}", "{Hour}", "{Minute}", "{Second}"];

    private readonly Regex _rule;

    public CaptureName(CaptureOptions options, string hub, int partition)
    {
        var format = options.NameFormat.Replace("{Namespace}", options.Namespace, StringComparison.Ordinal).Replace("{EventHub}", hub, StringComparison.Ordinal)
            .Replace("{PartitionId}", partition.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        Prefix = format[..format.IndexOf('{', StringComparison.Ordinal)];
        var rule = Regex.Escape(format);
        foreach (var field in Fields.Skip(3)) rule = rule.Replace($"\\{field}", $"(?<{field.Trim('{', '}')}>[0-9]{{{(field is "{Year}" ? 4 : 2)}}})", StringComparison.Ordinal);
        _rule = new($@"\A{rule}\.avro\z", RegexOptions.CultureInvariant);
    }

    /// <summary>How all of them begin.</summary>
    public string Prefix { get; }

    /// <summary>The time in a name; null if it is not the name of one.</summary>
    public DateTimeOffset? TimeOf(string name)
    {
        if (_rule.Match(name) is not { Success: true, Groups: var parts }) return null;
        var text = string.Join(' ', Fields.Skip(3).Select(field => parts[field.Trim('{', '}')].Value));
        return DateTimeOffset.TryParseExact(text, "yyyy MM dd HH mm ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
    }
}
