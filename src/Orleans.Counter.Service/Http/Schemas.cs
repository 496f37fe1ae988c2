using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Orleans.Counter.Http;

/// <summary>Rules in the words of JSON Schema.</summary>
internal static class Schemas
{
    public static OpenApiSchema Text(string? text = null, string? pattern = null, string? format = null, int? lengthMax = null) =>
        new() { Type = JsonSchemaType.String, Description = text, Pattern = pattern, Format = format, MinLength = lengthMax is null ? null : 1, MaxLength = lengthMax };

    /// <summary>One of some names.</summary>
    public static OpenApiSchema OneOf(IEnumerable<string> names, string? otherwise = null) =>
        new() { Type = JsonSchemaType.String, Enum = [.. names.Select(name => (JsonNode)name)], Default = otherwise };

    public static OpenApiSchema Whole(long min, long max, string? text = null) =>
        new() { Type = JsonSchemaType.Integer, Format = max > int.MaxValue ? "int64" : "int32", Minimum = min.ToString(CultureInfo.InvariantCulture), Maximum = max.ToString(CultureInfo.InvariantCulture), Description = text };

    public static OpenApiSchema Number(string? text = null) => new() { Type = JsonSchemaType.Number, Format = "double", Description = text };

    public static OpenApiSchema List(IOpenApiSchema items, int countMin, int countMax) => new() { Type = JsonSchemaType.Array, Items = items, MinItems = countMin, MaxItems = countMax };

    /// <summary>An object with these members and no others.</summary>
    public static OpenApiSchema Closed(string text, IReadOnlyList<string> required, params (string Name, IOpenApiSchema Schema)[] members) => new()
    {
        Type = JsonSchemaType.Object,
        Description = text,
        Required = required.Count is 0 ? null : new HashSet<string>(required),
        Properties = members.ToDictionary(member => member.Name, member => member.Schema),
        AdditionalPropertiesAllowed = false,
    };

    /// <summary>The same with a value for where nothing is said.</summary>
    public static OpenApiSchema Otherwise(this OpenApiSchema schema, JsonNode value)
    {
        schema.Default = value;
        return schema;
    }
}
