namespace Orleans.Counter.Ingest;

/// <summary>The open frame of one partition: columns that grow event by event, then one protobuf <c>Frame</c>. For one caller at a time.</summary>
/// <remarks>
/// The columns are written in wire form at once, so an event costs no object, and the size is known at any time. The column of videos is always there,
/// and so gives the number of events; types, ids, times and values are left out as frame.proto says, times also when all events have the same one.
/// </remarks>
internal sealed class FrameBuilder(ulong writer)
{
    /// <summary>More than the largest event adds to a frame.</summary>
    public const int EventBytesMax = 256;

    private const int Version = 1;
    private const byte VersionTag = 0x08, WriterTag = 0x11, NumberTag = 0x18, BaseTimeTag = 0x20, VideosTag = 0x2A, TypesTag = 0x32;
    private const byte VideoTag = 0x3A, TypeTag = 0x42, IdTag = 0x4A, TimeTag = 0x52, ValuedTag = 0x5A, ValueTag = 0x62;
    private const int HeaderBytesMax = 96; // the scalars, and tag and length of every column

    private readonly NameTable _videos = new(VideosTag, unchecked((long)writer));
    private readonly NameTable _types = new(TypesTag, unchecked((long)writer));
    private readonly Column _video = new(), _type = new(), _id = new(), _time = new(), _valued = new(), _value = new(), _frame = new();
    private long _baseTime, _lastTime;
    private bool _anyId, _anyTime;

    public int Count { get; private set; }

    /// <summary>At most so many bytes the frame would have now.</summary>
    public int SizeMax => HeaderBytesMax + _videos.Field.Length + _types.Field.Length + _video.Length + _type.Length + _id.Length + _time.Length
        + _valued.Length + _value.Length;

    public void Add(ReadOnlySpan<byte> video, ReadOnlySpan<byte> type, ulong id, long time, double value)
    {
        if (Count == 0) _baseTime = _lastTime = time;
        _video.Varint((uint)_videos.IndexOf(video));
        _type.Varint((uint)_types.IndexOf(type));
        _id.Fixed64(id);
        _time.Zigzag(time - _lastTime);
        _anyId |= id != IdHash.None;
        _anyTime |= time != _lastTime;
        _lastTime = time;
        if (value != 1)
        {
            _valued.Varint((uint)Count);
            _value.Fixed64(BitConverter.DoubleToUInt64Bits(value));
        }

        Count++;
    }

    /// <summary>The frame's bytes. The builder is empty afterwards.</summary>
    /// <remarks>An array of its own: a send that was given up may still hold it, and must never send anything else under this number.</remarks>
    public byte[] Build(ulong number)
    {
        _frame.Clear();
        _frame.Varint(VersionTag);
        _frame.Varint(Version);
        _frame.Varint(WriterTag);
        _frame.Fixed64(writer);
        _frame.Varint(NumberTag);
        _frame.Varint(number);
        _frame.Varint(BaseTimeTag);
        _frame.Varint(unchecked((ulong)_baseTime));
        _frame.Bytes(_videos.Field);
        _frame.Bytes(_types.Field);
        _frame.Field(VideoTag, _video.Written);
        if (_types.Count > 1) _frame.Field(TypeTag, _type.Written);
        if (_anyId) _frame.Field(IdTag, _id.Written);
        if (_anyTime) _frame.Field(TimeTag, _time.Written);
        if (_value.Length > 0)
        {
            _frame.Field(ValuedTag, _valued.Written);
            _frame.Field(ValueTag, _value.Written);
        }

        Clear();
        return _frame.Written.ToArray();
    }

    private void Clear()
    {
        foreach (var column in (ReadOnlySpan<Column>)[_video, _type, _id, _time, _valued, _value]) column.Clear();
        _videos.Clear();
        _types.Clear();
        (Count, _anyId, _anyTime) = (0, false, false);
    }
}
