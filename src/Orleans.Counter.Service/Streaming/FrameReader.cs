using Google.Protobuf;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Streaming;

/// <summary>Reads frames, and refuses what no ingest of ours can have written. Reuses one frame: what it answers is good until the next call.</summary>
internal sealed class FrameReader
{
    public const int Version = 1;

    private const long TimeMax = 32_503_680_000_000; // the year 3000, in Unix milliseconds

    private readonly Frame _frame = new();
    private VideoId[] _videos = [];
    private EventType[] _types = [];

    /// <summary>The ids of the last frame's dictionary.</summary>
    public ReadOnlySpan<VideoId> Videos => _videos;

    /// <summary>The types of the last frame's dictionary.</summary>
    public ReadOnlySpan<EventType> Types => _types;

    /// <summary>Who wrote the last frame, and which of its frames it is.</summary>
    public (ulong Writer, ulong Number) Sender => (_frame.Writer, _frame.Number);

    public int Count => _frame.Video.Count;

    /// <summary>The events of the last frame, with what its columns left out.</summary>
    public IEnumerable<FrameEvent> Events()
    {
        var (time, valued) = (_frame.BaseTime, 0);
        for (var i = 0; i < Count; i++)
        {
            if (_frame.Time.Count > 0) time += _frame.Time[i];
            var value = valued < _frame.Valued.Count && _frame.Valued[valued] == i ? _frame.Value[valued++] : 1;
            yield return new((int)_frame.Video[i], _frame.Type.Count == 0 ? 0 : (int)_frame.Type[i], _frame.Id.Count == 0 ? 0 : _frame.Id[i], time, value);
        }
    }

    /// <summary>Reads a message; null if it is a good frame, else why it is not.</summary>
    public string? Read(ReceivedEvent message)
    {
        if (!message.BodyIsBinary) return "The message has no binary body; a frame is one.";
        _frame.Videos.Clear();
        _frame.Types_.Clear();
        _frame.Video.Clear();
        _frame.Type.Clear();
        _frame.Id.Clear();
        _frame.Time.Clear();
        _frame.Valued.Clear();
        _frame.Value.Clear();
        (_frame.Version, _frame.Writer, _frame.Number, _frame.BaseTime) = (0, 0, 0, 0);
        try
        {
            _frame.MergeFrom(message.Body.Span);
        }
        catch (InvalidProtocolBufferException exception)
        {
            return $"The message is not a frame: {exception.Message}";
        }

        return Check();
    }

    private string? Check()
    {
        if (_frame.Version != Version) return $"The frame has version {_frame.Version}; this reader knows {Version}.";
        if (_frame.Writer == 0 || _frame.Number == 0) return "The frame names no writer or no number.";
        if (Count == 0) return "The frame has no events.";
        if (_frame.Time.Count != 0 && _frame.Time.Count != Count) return $"The frame has {_frame.Time.Count} times for {Count} events.";
        if (_frame.Type.Count != 0 && _frame.Type.Count != Count) return $"The frame has {_frame.Type.Count} types for {Count} events.";
        if (_frame.Id.Count != 0 && _frame.Id.Count != Count) return $"The frame has {_frame.Id.Count} ids for {Count} events.";
        if (_frame.Valued.Count != _frame.Value.Count) return $"The frame has {_frame.Value.Count} values for {_frame.Valued.Count} events with values.";
        if (_videos.Length != _frame.Videos.Count) _videos = new VideoId[_frame.Videos.Count];
        for (var i = 0; i < _videos.Length; i++)
            if (!VideoId.TryParse(_frame.Videos[i], out _videos[i])) return $"The frame's video {i} breaks the rule: {VideoId.Rule}.";
        if (_types.Length != _frame.Types_.Count) _types = new EventType[_frame.Types_.Count];
        for (var i = 0; i < _types.Length; i++)
            if (!EventType.TryParse(_frame.Types_[i], out _types[i])) return $"The frame's type {i} breaks the rule: {EventType.Rule}.";
        foreach (var video in _frame.Video)
            if (video >= _videos.Length) return $"An event is of video {video}; the frame names {_videos.Length}.";
        foreach (var type in _frame.Type)
            if (type >= _types.Length) return $"An event is of type {type}; the frame names {_types.Length}.";
        if (_frame.Type.Count == 0 && _types.Length == 0) return "The frame names no type.";
        long last = -1;
        foreach (var valued in _frame.Valued)
        {
            if (valued <= last || valued >= Count) return $"The values' events do not rise from 0 to {Count - 1}.";
            last = valued;
        }

        foreach (var value in _frame.Value)
            if (!double.IsFinite(value)) return "A value is not a finite number.";
        var time = _frame.BaseTime;
        foreach (var step in _frame.Time)
        {
            if (time is < 0 or > TimeMax || step is < -TimeMax or > TimeMax) return "An event's time is not between the years 1970 and 3000.";
            time += step;
        }

        return time is < 0 or > TimeMax ? "An event's time is not between the years 1970 and 3000." : null;
    }
}

/// <summary>One event of a frame.</summary>
/// <param name="Video">Its place in <see cref="FrameReader.Videos"/>.</param>
/// <param name="Type">Its place in <see cref="FrameReader.Types"/>.</param>
/// <param name="Id">The hash of its type and id; 0 if it has none.</param>
/// <param name="Time">When it happened, in Unix milliseconds.</param>
/// <param name="Value">Its value.</param>
internal readonly record struct FrameEvent(int Video, int Type, ulong Id, long Time, double Value);
