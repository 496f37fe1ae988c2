using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Orleans.Counter.Ingest;

/// <summary>Why a whole body is refused.</summary>
internal sealed record BodyFault(int Status, string Code, string Detail);

/// <summary>Reads a JSON body into a batch, in one pass and without a string per event.</summary>
/// <remarks>
/// What breaks the grammar of the body refuses all of it; what breaks a rule of one event, also by a wrong JSON type or a null, rejects that event.
/// </remarks>
internal ref struct EventReader
{
    private readonly EventBatch _batch;
    private readonly EventRules _rules;
    private readonly (long Now, long Oldest, long Newest) _times;
    private readonly bool _oneView;
    private readonly string _membersAllowed;
    private Utf8JsonReader _json;
    private BodyFault? _fault;
    private int _index;

    private EventReader(EventBatch batch, EventRules rules, DateTimeOffset now, bool oneView, bool lines = false)
    {
        (_batch, _rules, _times) = (batch, rules, rules.At(now));
        _membersAllowed = oneView ? "id, timestamp and value" : "videoId, type, id, timestamp and value";
        _oneView = oneView;
        _json = new(batch.Body.Bytes, new() { AllowMultipleValues = lines });
    }

    private enum Member
    {
        Unknown = 0,
        VideoId = 1,
        Type = 2,
        Id = 4,
        Timestamp = 8,
        Value = 16,
    }

    /// <summary>Reads <c>{"events":[…]}</c>. Null if the batch now holds what the body says.</summary>
    public static BodyFault? ReadEvents(EventBatch batch, EventRules rules, DateTimeOffset now) => new EventReader(batch, rules, now, oneView: false).Read();

    /// <summary>Reads events that stand one after the other, each on a line of its own. Null if the batch now holds what the body says.</summary>
    public static BodyFault? ReadLines(EventBatch batch, EventRules rules, DateTimeOffset now) => new EventReader(batch, rules, now, oneView: false, lines: true).ReadLines();

    public static BodyFault TooMany() =>
        new(StatusCodes.Status413PayloadTooLarge, "too_many_events", $"A request has at most {EventRules.EventsMax} events; send the rest in another.");

    /// <summary>Reads <c>{"id","timestamp","value"}</c>, or nothing, as one view of a video.</summary>
    public static BodyFault? ReadView(EventBatch batch, string video, EventRules rules, DateTimeOffset now)
    {
        var reader = new EventReader(batch, rules, now, oneView: true);
        var staged = reader.Default();
        var faults = EventFaults.None;
        if (batch.Body.Length > 0 && reader.ReadOne(ref staged, ref faults) is { } fault) return fault;
        Span<byte> utf8 = stackalloc byte[VideoId.LengthMax];
        if (VideoId.TryParse(video, out var id))
        {
            staged.VideoLength = (byte)Encoding.ASCII.GetBytes(id.Value, utf8);
            staged.VideoStart = batch.Body.Append(utf8[..staged.VideoLength]);
        }

        reader.Close(ref staged, faults);
        return null;
    }

    private BodyFault? Read()
    {
        if (Unreadable() is { } unreadable) return unreadable;
        try
        {
            return ReadEnvelope() && ReadEnd() ? null : _fault;
        }
        catch (JsonException broken)
        {
            return Malformed(broken.Message);
        }
    }

    private BodyFault? ReadLines()
    {
        if (Unreadable() is { } unreadable) return unreadable;
        try
        {
            for (; _json.Read(); _index++)
                if (!ReadEvent("A line holds one event.")) return _fault;
            return null;
        }
        catch (JsonException broken)
        {
            return Malformed($"Event {_index}: {broken.Message}");
        }
    }

    private BodyFault? ReadOne(ref StagedEvent staged, ref EventFaults faults)
    {
        if (Unreadable() is { } unreadable) return unreadable;
        try
        {
            _json.Read();
            if (_json.TokenType is not JsonTokenType.StartObject) return Malformed("The body must be empty or an object.");
            return ReadMembers(ref staged, ref faults) && ReadEnd() ? null : _fault;
        }
        catch (JsonException broken)
        {
            return Malformed(broken.Message);
        }
    }

    private readonly BodyFault? Unreadable()
    {
        if (_batch.Body.Bytes.StartsWith("\uFEFF"u8)) return Malformed("The body begins with a byte order mark; JSON has none.");
        return Utf8.IsValid(_batch.Body.Bytes) ? null : Malformed("The body is not valid UTF-8.");
    }

    private bool ReadEnvelope()
    {
        const string Shape = "The body must be an object with one member, 'events', an array of objects.";
        _json.Read();
        if (_json.TokenType is not JsonTokenType.StartObject) return Refuse(Malformed(Shape));
        var seen = false;
        while (_json.Read() && _json.TokenType is JsonTokenType.PropertyName)
        {
            var name = Name();
            if (!name.SequenceEqual("events"u8)) return Refuse(UnknownMember("The body", name, "'events'"));
            if (seen) return Refuse(Malformed("The member 'events' of the body appears twice."));
            seen = true;
            _json.Read();
            if (_json.TokenType is not JsonTokenType.StartArray) return Refuse(Malformed(Shape));
            if (!ReadArray(Shape)) return false;
        }

        return seen || Refuse(Malformed(Shape));
    }

    private bool ReadArray(string shape)
    {
        for (; _json.Read() && _json.TokenType is not JsonTokenType.EndArray; _index++)
            if (!ReadEvent(shape)) return false;
        return true;
    }

    private bool ReadEvent(string shape)
    {
        if (_json.TokenType is not JsonTokenType.StartObject) return Refuse(Malformed($"Event {_index} is not an object. {shape}"));
        if (_index == EventRules.EventsMax) return Refuse(TooMany());
        var staged = Default();
        var faults = EventFaults.None;
        if (!ReadMembers(ref staged, ref faults)) return false;
        Close(ref staged, faults);
        return true;
    }

    private bool ReadMembers(ref StagedEvent staged, ref EventFaults faults)
    {
        var seen = Member.Unknown;
        var (idStart, idLength) = (0, 0);
        while (_json.Read() && _json.TokenType is JsonTokenType.PropertyName)
        {
            var name = Name();
            var member = MemberOf(name);
            if (member is Member.Unknown || (_oneView && member is Member.VideoId or Member.Type)) return Refuse(UnknownMember($"Event {_index}", name, _membersAllowed));
            if ((seen & member) != 0) return Refuse(Malformed($"The member '{Encoding.UTF8.GetString(name)}' of event {_index} appears twice."));
            seen |= member;
            _json.Read();
            switch (member)
            {
                case Member.VideoId:
                    if (Text(out staged.VideoStart, out var length) && VideoId.IsValid(Bytes(staged.VideoStart, length))) staged.VideoLength = (byte)length;
                    break;
                case Member.Type:
                    if (Text(out staged.TypeStart, out length) && EventType.IsValid(Bytes(staged.TypeStart, length))) staged.TypeLength = (byte)length;
                    else faults |= EventFaults.Type;
                    break;
                case Member.Id:
                    if (!Text(out idStart, out idLength) || !IdHash.IsValid(Bytes(idStart, idLength))) faults |= EventFaults.Id;
                    break;
                case Member.Timestamp:
                    faults |= Time(ref staged.Time);
                    break;
                default:
                    if (_json.TokenType is not JsonTokenType.Number || !_json.TryGetDouble(out staged.Value) || !double.IsFinite(staged.Value)) faults |= EventFaults.Value;
                    break;
            }

            _json.Skip();
        }

        if (idLength > 0 && faults == EventFaults.None) staged.Id = IdHash.Of(_batch.Type(in staged), Bytes(idStart, idLength));
        return true;
    }

    private bool ReadEnd()
    {
        _json.Read(); // throws for anything but white space
        return true;
    }

    private readonly StagedEvent Default() => new() { Time = _times.Now, Value = 1 };

    private readonly void Close(ref StagedEvent staged, EventFaults faults)
    {
        if (staged.VideoLength == 0) faults |= EventFaults.VideoId;
        if (faults == EventFaults.None) faults = _rules.Judge(_batch.Type(in staged));
        if (faults == EventFaults.None) _batch.Add(in staged);
        else _batch.Rejected.Add(_rules.Reject(_index, faults));
    }

    private EventFaults Time(ref long time)
    {
        if (!Text(out var start, out var length) || !Rfc3339.TryRead(Bytes(start, length), out time)) return EventFaults.Timestamp;
        return time < _times.Oldest ? EventFaults.TooOld : time > _times.Newest ? EventFaults.InFuture : EventFaults.None;
    }

    // Where the string token is in the body; false if it is no string, or holds what no member may hold. An escaped text is unescaped in place: it never
    // gets longer, and the parser has already passed it.
    private readonly bool Text(out int start, out int length)
    {
        start = (int)_json.TokenStartIndex + 1;
        length = _json.TokenType is JsonTokenType.String ? _json.ValueSpan.Length : 0;
        return _json.TokenType is JsonTokenType.String && (!_json.ValueIsEscaped || JsonAscii.Unescape(_batch.Body.Bytes.Slice(start, length), out length));
    }

    private readonly ReadOnlySpan<byte> Bytes(int start, int length) => _batch.Body.Bytes.Slice(start, length);

    // A name that cannot be unescaped stays as it was written: it is unknown all the same.
    private readonly ReadOnlySpan<byte> Name()
    {
        if (!_json.ValueIsEscaped) return _json.ValueSpan;
        var plain = _json.ValueSpan.ToArray();
        return JsonAscii.Unescape(plain, out var length) ? plain.AsSpan(0, length) : _json.ValueSpan;
    }

    private static Member MemberOf(ReadOnlySpan<byte> name) => name.Length switch
    {
        7 when name.SequenceEqual("videoId"u8) => Member.VideoId,
        4 when name.SequenceEqual("type"u8) => Member.Type,
        2 when name.SequenceEqual("id"u8) => Member.Id,
        9 when name.SequenceEqual("timestamp"u8) => Member.Timestamp,
        5 when name.SequenceEqual("value"u8) => Member.Value,
        _ => Member.Unknown,
    };

    private bool Refuse(BodyFault fault)
    {
        _fault = fault;
        return false;
    }

    private static BodyFault UnknownMember(string where, ReadOnlySpan<byte> name, string allowed)
    {
        const int ShownMax = 64;
        var shown = Encoding.UTF8.GetString(name);
        if (shown.Length > ShownMax) shown = string.Concat(shown.AsSpan(0, ShownMax), "…");
        return new(StatusCodes.Status400BadRequest, "unknown_member", $"{where} has a member '{shown}', which does not exist; it may have {allowed}.");
    }

    private static BodyFault Malformed(string detail) => new(StatusCodes.Status400BadRequest, "malformed_body", detail);
}
