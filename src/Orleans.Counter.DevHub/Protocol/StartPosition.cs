using System.Globalization;
using System.Text.RegularExpressions;
using Amqp.Types;
using Orleans.Counter.Dev.Hubs;
using Orleans.Counter.Dev.Log;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>Where a reader wants to begin: the selector on its source.</summary>
internal static partial class StartPosition
{
    private static readonly Symbol Selector = new("apache.org:selector-filter:string");

    /// <summary>Opens the log where the selector says; at its beginning if there is none.</summary>
    /// <exception cref="Amqp.AmqpException">It cannot be understood, or is past the end.</exception>
    public static LogReader Open(PartitionLog log, Map? filters, bool geoOffsets)
    {
        // Clients agree on the value, but not on the descriptor around it.
        var selector = filters?[Selector] switch { DescribedValue described => described.Value, var bare => bare } as string;
        if (selector is null)
            return log.FromSequence(log.BeginSequence);
        if (Pattern().Match(selector) is not { Success: true } match)
            throw Refusals.BadFilter(selector);

        var value = match.Groups["value"].Value;
        var after = match.Groups["op"].Value == ">";
        var end = log.End;
        switch (match.Groups["name"].Value)
        {
            case "offset" when value == "-1":
                return log.FromSequence(log.BeginSequence);
            case "offset" when value == "@latest":
                return log.FromEnd();
            case "offset":
                return OffsetText.TryRead(value, out var offset) && offset <= end.LastOffset
                    ? log.FromOffset(after ? offset + 1 : offset)
                    : throw Refusals.PastTheEnd("offset", value, OffsetText.Of(end.LastOffset, geoOffsets));
            case "sequence-number":
                return Number(value, selector) is var sequence && sequence <= end.LastSequence
                    ? log.FromSequence(after ? sequence + 1 : sequence)
                    : throw Refusals.PastTheEnd("sequence number", value, end.LastSequence.ToString(CultureInfo.InvariantCulture));
            default:
                return Number(value, selector) is var time && after && time < long.MaxValue ? log.FromTime(time + 1) : log.FromTime(time);
        }
    }

    private static long Number(string value, string selector) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw Refusals.BadFilter(selector);

    [GeneratedRegex(
        @"^\s*amqp\.annotation\.x-opt-(?<name>offset|sequence-number|enqueued-time)(-?utc)?\s*(?<op>>=?)\s*(?<quote>'?)(?<value>[^'\s]+)\k<quote>\s*$")]
    private static partial Regex Pattern();
}
