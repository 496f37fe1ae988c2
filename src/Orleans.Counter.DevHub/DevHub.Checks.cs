using System.Net;
using System.Text.RegularExpressions;
using Orleans.Counter.Dev.Hubs;

namespace Orleans.Counter.Dev;

/// <content>What options must be.</content>
public sealed partial class DevHub
{
    private const int PartitionsMax = 1024;
    private const long RetentionBytesMin = 8 * 1024 * 1024;

    private static void Check(DevHubOptions options)
    {
        if (options.Port is < 0 or > IPEndPoint.MaxPort)
            throw new ArgumentException($"Port {options.Port} is not between 0 and {IPEndPoint.MaxPort}.", nameof(options));
        if (string.IsNullOrWhiteSpace(options.DataDirectory))
            throw new ArgumentException("The data directory is empty.", nameof(options));
        if (options.Hubs.Count == 0)
            throw new ArgumentException("There is no hub to serve.", nameof(options));
        foreach (var (name, partitions) in options.Hubs)
        {
            if (!HubName().IsMatch(name))
            {
                throw new ArgumentException(
                    $"'{name}' is not the name of a hub: 1 to 256 letters, digits, '.', '-' and '_', first and last a letter or digit.", nameof(options));
            }

            if (partitions is < 1 or > PartitionsMax)
                throw new ArgumentException($"Hub '{name}' cannot have {partitions} partitions: 1 to {PartitionsMax}.", nameof(options));
        }

        foreach (var (hub, groups) in options.ConsumerGroups)
        {
            if (!options.Hubs.ContainsKey(hub) || groups.Any(group => group.Length is 0 or > ConsumerGroups.NameLengthMax || group.Contains('/')))
            {
                throw new ArgumentException(
                    $"The consumer groups of '{hub}' need a hub of that name, and names of 1 to {ConsumerGroups.NameLengthMax} characters without '/'.",
                    nameof(options));
            }
        }

        if (options.Retention <= TimeSpan.Zero || options.RetentionBytes < RetentionBytesMin)
            throw new ArgumentException($"Retention must be longer than nothing and at most 100 years, and at least {RetentionBytesMin} bytes.", nameof(options));
        if (options.Capture is { } capture && (capture.Window < TimeSpan.FromSeconds(1) || capture.WindowBytesMax < 1))
            throw new ArgumentException("A capture window must be at least a second, and a byte.", nameof(options));

        foreach (var (name, value) in options.Keys)
        {
            if (name.Length == 0 || value.Length == 0 || name.Contains(';', StringComparison.Ordinal) || value.Contains(';', StringComparison.Ordinal))
                throw new ArgumentException($"Key '{name}' must have a name and a value, both without ';'.", nameof(options));
        }
    }

    [GeneratedRegex("^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,254}[A-Za-z0-9])?$", RegexOptions.CultureInvariant)]
    private static partial Regex HubName();
}
