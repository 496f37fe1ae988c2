namespace Orleans.Counter.Dev.Log;

/// <summary>A log file does not hold what was accepted into it. Nothing was changed; the file needs a person, or a backup.</summary>
internal sealed class LogDamagedException(string path, long position, string fault)
    : IOException($"Log file '{path}' is damaged at byte {position}: {fault}. What was accepted there cannot be read; nothing was changed.")
{
    public string Path { get; } = path;

    /// <summary>Byte of the file where the record begins that cannot be read.</summary>
    public long Position { get; } = position;
}

/// <summary>A write or flush failed, so nobody knows what is on disk: the partition takes nothing more until the process is started again.</summary>
internal sealed class LogFailedException(string folder, Exception cause)
    : IOException($"The log in '{folder}' failed and takes nothing more until a restart: {cause.Message}", cause);
