using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Orleans.Counter.Tests.Http;

/// <summary>Holds a value to a schema of the document. Knows the words that the document uses, and no others.</summary>
/// <param name="document">Where references lead.</param>
internal sealed class JsonSchema(JsonObject document)
{
    private static readonly HashSet<string> Known =
    [
        "$ref", "allOf", "oneOf", "type", "format", "pattern", "enum", "minLength", "maxLength", "minimum", "maximum", "items", "minItems", "maxItems", "properties", "required", "additionalProperties",
        "description", "default",
    ];

    /// <summary>The schema itself, wherever it stands.</summary>
    public JsonObject Resolve(JsonNode schema)
    {
        var found = schema.AsObject();
        while ((string?)found["$ref"] is { } reference) found = (reference.Split('/').Skip(1).Aggregate((JsonNode?)document, (node, name) => node?[name]) ?? throw new InvalidOperationException($"{reference} leads nowhere.")).AsObject();
        return found;
    }

    /// <summary>What is wrong with a value; null if nothing is.</summary>
    public string? Fault(JsonNode? value, JsonNode given, string at = "the body")
    {
        var schema = Resolve(given);
        if (schema.FirstOrDefault(word => !Known.Contains(word.Key)).Key is { } unknown) throw new NotSupportedException($"This test does not know '{unknown}'.");
        foreach (var part in schema["allOf"]?.AsArray() ?? []) if (Fault(value, part!, at) is { } fault) return fault;
        if (schema["oneOf"] is JsonArray ways && ways.Count(way => Fault(value, way!, at) is null) != 1) return $"{at} is {Shown(value)}, and keeps not exactly one of {ways.Count} rules";
        var kind = value?.GetValueKind() ?? JsonValueKind.Null;
        if (Types(schema) is { Count: > 0 } types && !types.Any(type => IsOf(type, kind, value))) return $"{at} is {Shown(value)}, not of type {string.Join(" or ", types)}";
        if (schema["enum"] is JsonArray names && !names.Any(name => JsonNode.DeepEquals(name, value))) return $"{at} is {Shown(value)}, none of {names.ToJsonString()}";
        return kind switch
        {
            JsonValueKind.String => OfText((string)value!, schema, at),
            JsonValueKind.Number => OfNumber(value!, schema, at),
            JsonValueKind.Array => OfArray(value!.AsArray(), schema, at),
            JsonValueKind.Object => OfObject(value!.AsObject(), schema, at),
            _ => null,
        };
    }

    private static List<string> Types(JsonObject schema) => schema["type"] switch
    {
        JsonArray many => [.. many.Select(type => (string)type!)],
        JsonValue one => [(string)one!],
        _ => [],
    };

    private static bool IsOf(string type, JsonValueKind kind, JsonNode? value) => type switch
    {
        "null" => kind is JsonValueKind.Null,
        "string" => kind is JsonValueKind.String,
        "boolean" => kind is JsonValueKind.True or JsonValueKind.False,
        "integer" => kind is JsonValueKind.Number && decimal.TryParse(value!.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number == decimal.Truncate(number),
        "number" => kind is JsonValueKind.Number,
        "array" => kind is JsonValueKind.Array,
        "object" => kind is JsonValueKind.Object,
        _ => throw new NotSupportedException($"There is no type '{type}'."),
    };

    private static string? OfText(string text, JsonObject schema, string at)
    {
        if ((string?)schema["pattern"] is { } pattern && !Regex.IsMatch(text, pattern.Replace("$", "\\z", StringComparison.Ordinal))) return $"{at} is '{text}', which does not match {pattern}";
        if ((int?)schema["minLength"] > text.Length || (int?)schema["maxLength"] < text.Length) return $"{at} has {text.Length} characters";
        return (string?)schema["format"] is "date-time" && !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _) ? $"{at} is '{text}', which is no time" : null;
    }

    private static string? OfNumber(JsonNode value, JsonObject schema, string at)
    {
        var number = double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture);
        return (double?)schema["minimum"] > number || (double?)schema["maximum"] < number ? $"{at} is {number}, which is too small or too large" : null;
    }

    private string? OfArray(JsonArray array, JsonObject schema, string at)
    {
        if ((int?)schema["minItems"] > array.Count || (int?)schema["maxItems"] < array.Count) return $"{at} has {array.Count} items";
        return schema["items"] is not { } items ? null : array.Select((item, index) => Fault(item, items, $"{at}[{index}]")).FirstOrDefault(fault => fault is not null);
    }

    private string? OfObject(JsonObject value, JsonObject schema, string at)
    {
        foreach (var name in schema["required"]?.AsArray() ?? []) if (!value.ContainsKey((string)name!)) return $"{at} has no '{name}'";
        foreach (var (name, member) in value)
        {
            var fault = schema["properties"]?[name] is { } own ? Fault(member, own, $"{at}.{name}")
                : schema["additionalProperties"] is JsonObject others ? Fault(member, others, $"{at}.{name}")
                : schema["additionalProperties"] is JsonValue allowed && !(bool)allowed ? $"{at} has a '{name}', which does not exist"
                : null;
            if (fault is not null) return fault;
        }

        return null;
    }

    private static string Shown(JsonNode? value) => value?.ToJsonString() is { } text ? text[..Math.Min(100, text.Length)] : "null";
}
