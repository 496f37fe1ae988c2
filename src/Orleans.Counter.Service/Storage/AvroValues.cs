using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;

namespace Orleans.Counter.Storage;

/// <summary>Values of Avro, one after the other, as their schema says: long, double, string, byte[], null, and dictionaries for maps and records.</summary>
internal sealed class AvroValues(string name, byte[] bytes)
{
    private const int DepthMax = 16;

    private int _at;

    public bool IsAtEnd => _at == bytes.Length;

    public static InvalidDataException Damaged(string name, string what) => new($"The captured file '{name}' cannot be read: {what}.");

    /// <summary>Avro's numbers are folded so that small ones are short, whatever their sign.</summary>
    public static long Signed(ulong folded) => unchecked((long)(folded >> 1) ^ -(long)(folded & 1));

    /// <exception cref="InvalidDataException">The bytes do not fit the schema, or it has a type that Capture does not use.</exception>
    public object? Read(JsonNode? schema, int depth = 0) => (schema, depth) switch
    {
        (_, > DepthMax) => throw Damaged("its schema is too deep"),
        (JsonArray union, _) => Long() is var place && place >= 0 && place < union.Count ? Read(union[(int)place], depth + 1) : throw Damaged("a value has a type that its schema does not have"),
        (JsonValue type, _) => Primitive(type.ToString()),
        (JsonObject named, _) when named["type"] is JsonValue type => type.ToString() switch
        {
            "record" => Record(named["fields"] as JsonArray ?? [], depth),
            "map" => Map(named["values"], depth),
            var primitive => Primitive(primitive),
        },
        (JsonObject named, _) when named["type"] is { } type => Read(type, depth + 1),
        _ => throw Damaged("its schema is none"),
    };

    private object? Primitive(string type) => type switch
    {
        "null" => null,
        "int" or "long" => Long(),
        "boolean" => Take(1)[0] != 0,
        "float" => (double)BinaryPrimitives.ReadSingleLittleEndian(Take(sizeof(float))),
        "double" => BinaryPrimitives.ReadDoubleLittleEndian(Take(sizeof(double))),
        "bytes" => Take(Long()).ToArray(),
        "string" => Encoding.UTF8.GetString(Take(Long())),
        _ => throw Damaged($"its schema has the type '{type}', which is not known here"),
    };

    private Dictionary<string, object?> Record(JsonArray fields, int depth)
    {
        var record = new Dictionary<string, object?>(fields.Count);
        foreach (var field in fields) record[field?["name"]?.ToString() ?? throw Damaged("a field has no name")] = Read(field["type"], depth + 1);
        return record;
    }

    private Dictionary<string, object?> Map(JsonNode? values, int depth)
    {
        var map = new Dictionary<string, object?>();
        for (var count = Long(); count != 0; count = Long())
        {
            if (count < 0) Long(); // Its size in bytes follows.
            for (var left = Math.Abs(count); left > 0; left--)
            {
                var key = Encoding.UTF8.GetString(Take(Long()));
                map[key] = Read(values, depth + 1);
            }
        }

        return map;
    }

    private long Long()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Take(1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return Signed(value);
        }

        throw Damaged("a number has more than 64 bits");
    }

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count < 0 || count > bytes.Length - _at) throw Damaged("a block ends too early");
        _at += (int)count;
        return bytes.AsSpan(_at - (int)count, (int)count);
    }

    private InvalidDataException Damaged(string what) => Damaged(name, what);
}
