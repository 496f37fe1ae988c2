namespace Orleans.Counter.EventHubs;

/// <summary>Reads connection strings as the portal, the emulator and DevHub write them.</summary>
internal static class ConnectionString
{
    private const string Expected =
        "Expected Endpoint=sb://<host>[:port]/;SharedAccessKeyName=<name>;SharedAccessKey=<key>[;EntityPath=<hub>][;UseDevelopmentEmulator=true].";

    private static readonly string[] Known = ["Endpoint", "SharedAccessKeyName", "SharedAccessKey", "EntityPath", "UseDevelopmentEmulator"];

    public static (HubEndpoint Endpoint, SharedKeyTokens Tokens) Parse(string text, string? hubName)
    {
        var members = Split(text);
        var endpoint = Require(members, "Endpoint");
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || uri.Scheme != "sb" || uri.Host.Length == 0 || uri.AbsolutePath != "/")
            throw Wrong($"Endpoint '{endpoint}' is not an address of the form sb://<host>[:port]/.");

        var emulator = false;
        if (members.TryGetValue("UseDevelopmentEmulator", out var flag) && !bool.TryParse(flag, out emulator))
            throw Wrong($"UseDevelopmentEmulator is '{flag}'; it must be true or false.");

        members.TryGetValue("EntityPath", out var path);
        if (hubName is not null && path is not null && hubName != path)
            throw Wrong($"EntityPath is '{path}', but the hub asked for is '{hubName}'. Leave one of them out.");
        if (string.IsNullOrWhiteSpace(hubName ?? path))
            throw Wrong("No hub is named: add ;EntityPath=<hub>, or give the hub's name beside the connection string.");

        return (
            new HubEndpoint(uri.IdnHost, uri.IsDefaultPort ? null : uri.Port, UseTls: !emulator, (hubName ?? path)!),
            new SharedKeyTokens(Require(members, "SharedAccessKeyName"), Require(members, "SharedAccessKey")));
    }

    // A member's value is never quoted unless it is known to hold no secret: a slip of the pen may have put the key anywhere.
    private static Dictionary<string, string> Split(string text)
    {
        var members = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw Wrong($"Member {members.Count + 1} has no name: members are name=value, separated by semicolons.");
            var name = part[..equals].Trim();
            if (!Known.Contains(name, StringComparer.OrdinalIgnoreCase)) throw Wrong($"Member {members.Count + 1} has an unknown name.");
            if (!members.TryAdd(name, part[(equals + 1)..].Trim())) throw Wrong($"{name} is given twice.");
        }

        return members;
    }

    private static string Require(Dictionary<string, string> members, string name) =>
        members.TryGetValue(name, out var value) && value.Length > 0 ? value : throw Wrong($"{name} is missing.");

    private static FormatException Wrong(string what) => new($"The Event Hubs connection string cannot be used. {what} {Expected}");
}
