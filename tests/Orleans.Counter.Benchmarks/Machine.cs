using System.Runtime.InteropServices;
using System.Text.Json;

namespace Orleans.Counter.Benchmarks;

/// <summary>Where figures were taken, and how busy the machine was.</summary>
internal sealed record Machine(string Processor, int Processors, string System, string Runtime, string LoadAverage)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static Machine Now => new(
        Line("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString(), Environment.ProcessorCount, RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription, File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]) : "unknown");

    /// <summary>The last line of a benchmark's output.</summary>
    public static string Line(object figures) => JsonSerializer.Serialize(figures, Json);

    public override string ToString() => $"{Processors} x {Processor}, {System}, {Runtime}, load average {LoadAverage}";

    private static string? Line(string path, string name) =>
        File.Exists(path) ? File.ReadLines(path).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':')[1].Trim() : null;
}
