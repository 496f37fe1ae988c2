using System.Text.Json;
using Orleans.Counter.Dev.Log;

namespace Orleans.Counter.Dev.Hubs;

/// <summary>What every hub of a data folder is, in <c>hubs.json</c>: a hub stays itself between runs.</summary>
internal sealed class HubCatalog
{
    private const int Version = 1;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly string _folder;
    private readonly Dictionary<string, Entry> _hubs;

    private HubCatalog(string folder, IEnumerable<Entry> hubs) =>
        (_folder, _hubs) = (folder, hubs.ToDictionary(hub => hub.Name, StringComparer.OrdinalIgnoreCase));

    private string FilePath => Path.Combine(_folder, "hubs.json");

    public static HubCatalog Open(string folder)
    {
        var catalog = new HubCatalog(folder, []);
        if (!File.Exists(catalog.FilePath))
            return catalog;
        Document? document;
        try
        {
            document = JsonSerializer.Deserialize<Document>(File.ReadAllBytes(catalog.FilePath), Json);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{catalog.FilePath}' cannot be read: {e.Message}", e);
        }

        if (document is not { Version: Version, Hubs: { } hubs })
            throw new InvalidDataException($"'{catalog.FilePath}' has version {document?.Version}, this program reads version {Version}.");
        return new HubCatalog(folder, hubs);
    }

    /// <summary>The folder of a hub's partitions. Names differ in more than case, so lower case loses nothing.</summary>
    public string FolderOf(string hub) => Path.Combine(_folder, hub.ToLowerInvariant());

    /// <summary>When the hub was made: now, if it is new. It is durable when this returns.</summary>
    /// <exception cref="InvalidDataException">The hub has another number of partitions, or there is a folder of it that the catalog does not know.</exception>
    public DateTimeOffset Declare(string name, int partitions, TimeProvider time)
    {
        if (_hubs.TryGetValue(name, out var known))
        {
            if (known.Partitions != partitions)
            {
                throw new InvalidDataException(
                    $"Hub '{name}' in '{_folder}' has {known.Partitions} partitions, and {partitions} were asked for. A hub keeps its number of partitions: " +
                    $"ask for {known.Partitions}, use another name, or remove '{FolderOf(name)}' and its entry in '{FilePath}'.");
            }

            return known.CreatedAt;
        }

        if (Directory.Exists(FolderOf(name)))
            throw new InvalidDataException($"'{FolderOf(name)}' holds a hub that '{FilePath}' does not know. Bring the entry back, or remove the folder.");

        var created = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds()); // as much of it as AMQP can say
        _hubs.Add(name, new Entry(name, partitions, created));
        Disk.Replace(FilePath, JsonSerializer.SerializeToUtf8Bytes(new Document(Version, [.. _hubs.Values]), Json));
        return created;
    }

    private sealed record Document(int Version, IReadOnlyList<Entry> Hubs);

    private sealed record Entry(string Name, int Partitions, DateTimeOffset CreatedAt);
}
