using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Counter.Dev.Log;

namespace Orleans.Counter.Dev.Capture;

/// <summary>A window that is being written: decided once, and then the same after any crash.</summary>
/// <param name="Blob">Where it is written to. Writing it again replaces it by the same bytes.</param>
/// <param name="Stop">The sequence number after its last event.</param>
/// <param name="StopOffset">The offset of <paramref name="Stop"/>.</param>
/// <param name="Named">The time in its name, in Unix milliseconds.</param>
/// <param name="NextStart">When the next window begins, in Unix milliseconds.</param>
internal sealed record CaptureWindow(string Blob, long Stop, long StopOffset, long Named, long NextStart);

/// <summary>How far a partition is captured, in <c>capture.json</c> beside its log.</summary>
/// <param name="Version">How this file is to be understood.</param>
/// <param name="Next">The first event that is in no file yet.</param>
/// <param name="NextOffset">The offset of <paramref name="Next"/>.</param>
/// <param name="Start">When the window that is being filled began, in Unix milliseconds.</param>
/// <param name="LastNamed">The time in the name of the last file. Each name is at least a second later, so no two are the same.</param>
/// <param name="Writing">A window that may be in storage or not.</param>
internal sealed record CaptureProgress(
    [property: JsonRequired] int Version,
    [property: JsonRequired] long Next,
    [property: JsonRequired] long NextOffset,
    [property: JsonRequired] long Start,
    long LastNamed,
    CaptureWindow? Writing)
{
    public const int CurrentVersion = 1;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <returns>Null if the partition was never captured.</returns>
    /// <exception cref="InvalidDataException">Nobody knows any more what was captured.</exception>
    public static CaptureProgress? Load(string path)
    {
        if (!File.Exists(path))
            return null;
        try
        {
            return JsonSerializer.Deserialize<CaptureProgress>(File.ReadAllBytes(path), Json) is { Version: CurrentVersion } progress
                ? progress
                : throw new InvalidDataException($"'{path}' has another version than {CurrentVersion}, which this program reads.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{path}' says what was captured, and cannot be read: {e.Message} Without it all is captured again.", e);
        }
    }

    public void Save(string path) => Disk.Replace(path, JsonSerializer.SerializeToUtf8Bytes(this, Json));
}
