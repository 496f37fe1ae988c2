using System.Text.RegularExpressions;

namespace Orleans.Counter.Tests.Http;

/// <summary>One request of a file of requests.</summary>
internal sealed record FileRequest(int Line, string? Name, string Method, string Address, IReadOnlyList<(string Name, string Value)> Headers, string Body);

/// <summary>Reads files of requests, as editors send them: variables, names, requests between lines of <c>###</c>.</summary>
internal sealed partial class HttpFile
{
    private readonly Dictionary<string, string> _variables = [];

    public HttpFile(string text)
    {
        var (requests, block, first) = (new List<FileRequest>(), new List<string>(), 1);
        foreach (var (line, number) in text.Split('\n').Append("###").Select((line, index) => (line.TrimEnd('\r'), index + 1)))
        {
            if (line.StartsWith("###", StringComparison.Ordinal))
            {
                if (Read(block, first) is { } request) requests.Add(request);
                (block, first) = ([], number + 1);
            }
            else if (line.StartsWith('@')) _variables[line[1..line.IndexOf('=', StringComparison.Ordinal)].Trim()] = line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim();
            else block.Add(line);
        }

        Requests = requests;
    }

    public IReadOnlyList<FileRequest> Requests { get; }

    /// <summary>Gives a variable a value, whatever the file says.</summary>
    public void Set(string variable, string value) => _variables[variable] = value;

    /// <summary>A text with the values of its variables.</summary>
    public string Filled(string text) => Variable().Replace(text, match => _variables.TryGetValue(match.Groups[1].Value, out var value) ? value : throw new KeyNotFoundException($"There is no variable '{match.Groups[1].Value}'."));

    private static FileRequest? Read(List<string> block, int first)
    {
        var name = block.Select(line => Named().Match(line)).FirstOrDefault(match => match.Success)?.Groups[1].Value;
        var start = block.FindIndex(line => line.Length > 0 && !line.StartsWith('#') && !line.StartsWith("//", StringComparison.Ordinal));
        if (start < 0) return null;
        var blank = block.FindIndex(start, string.IsNullOrWhiteSpace);
        var (head, body) = blank < 0 ? (block[start..], []) : (block[start..blank], block[(blank + 1)..]);
        var (method, address) = (head[0].Split(' ', 2)[0], head[0].Split(' ', 2)[1]);
        return new(first + start, name, method, address, [.. head.Skip(1).Select(header => (header.Split(": ", 2)[0], header.Split(": ", 2)[1]))], string.Join('\n', body).Trim());
    }

    [GeneratedRegex("{{([^}]+)}}")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^# @name (\w+)")]
    private static partial Regex Named();
}
