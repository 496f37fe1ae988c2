namespace Orleans.Counter.EventHubs;

/// <summary>
/// How many more messages the service may send. Credit counts messages and memory counts bytes, so credit is what fits into a budget of bytes at the size
/// of the largest recent message. Not thread-safe.
/// </summary>
/// <remarks>
/// What is under way when messages suddenly grow can still come: at most <see cref="CreditMax"/> of them. 64 with a millisecond of round trip are
/// 64,000 messages a second, ten times what a partition delivers.
/// </remarks>
internal sealed class CreditWindow
{
    public const long BytesMax = 4 * 1024 * 1024;
    public const int CreditMax = 64;

    private const long FirstGuess = BytesMax / CreditMax;
    private const int Forgetting = 16;

    private long _sizeRecently = FirstGuess;
    private long _bytesHeld;
    private int _outstanding;

    /// <summary>Messages that may still come.</summary>
    public int Outstanding => _outstanding;

    /// <summary>Bytes that have come and are not taken yet.</summary>
    public long BytesHeld => _bytesHeld;

    public void Arrived(long bytes)
    {
        _outstanding--;
        _bytesHeld += bytes;
        _sizeRecently = Math.Max(bytes, _sizeRecently - (_sizeRecently / Forgetting));
    }

    public void Taken(long bytes) => _bytesHeld -= bytes;

    /// <summary>How much credit to give now: 0, or enough to be worth a frame.</summary>
    public int Grant()
    {
        var window = Math.Clamp((BytesMax - _bytesHeld) / Math.Max(1, _sizeRecently), 0, CreditMax);
        if (_bytesHeld == 0) window = Math.Max(window, 1); // a message larger than the budget must come through
        var grant = (int)window - _outstanding;
        if (grant <= 0 || (grant < CreditMax / 4 && _outstanding > grant)) return 0;
        _outstanding += grant;
        return grant;
    }
}
