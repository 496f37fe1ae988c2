using System.Runtime.InteropServices;

namespace Orleans.Counter.Dev.Log;

/// <summary>What the base library has no call for.</summary>
internal static partial class Disk
{
    /// <summary>Makes the names in a folder durable: without it a new file may be gone after a power loss, though its content was flushed.</summary>
    public static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            return; // NTFS journals names by itself and offers no flush of a folder
        var descriptor = Open(folder, 0);
        if (descriptor < 0)
            throw new IOException($"Cannot open folder '{folder}' to flush it: {Marshal.GetLastPInvokeErrorMessage()}.");
        var failed = FSync(descriptor) != 0 ? Marshal.GetLastPInvokeErrorMessage() : null;
        _ = Close(descriptor);
        if (failed is not null)
            throw new IOException($"Cannot flush folder '{folder}': {failed}.");
    }

    /// <summary>Replaces a file's content: after a crash it is the old or the new one, never a mixture.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".new";
        using (var handle = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(handle, content, 0);
            RandomAccess.FlushToDisk(handle);
        }

        File.Move(temporary, path, overwrite: true);
        FlushFolder(Path.GetDirectoryName(path)!);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
