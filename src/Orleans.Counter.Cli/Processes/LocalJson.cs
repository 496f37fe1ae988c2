using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orleans.Counter.Cli.Processes;

/// <summary>The files of the data folder that are JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<RunningProcess>))]
[JsonSerializable(typeof(LocalPorts))]
internal sealed partial class LocalJson : JsonSerializerContext;
