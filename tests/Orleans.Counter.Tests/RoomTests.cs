using System.Reflection;
using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests;

/// <summary>The map of the rooms: which stage may hold whose types. An event moves one way, and so does knowledge.</summary>
public sealed class RoomTests
{
    private const BindingFlags Everything = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<string, string[]> MayHold = new()
    {
        ["Http"] = [],
        ["Ingest"] = ["Http"],
        ["Streaming"] = ["Storage"],
        ["Counting"] = ["Storage"],
        ["Storage"] = [],
        ["Rollup"] = ["Counting", "Storage", "Http"],
        ["Query"] = ["Counting", "Storage", "Http"],
        ["Known"] = ["Counting", "Ingest", "Storage"],
        ["History"] = ["Counting", "Ingest", "Query", "Rollup", "Storage", "Http"],
        ["Recount"] = ["Counting", "Query", "Streaming", "Storage", "Http"],
        ["Page"] = [],
        ["Audit"] = ["Counting", "Query", "Storage", "Http"],
    };

    [Fact]
    public void A_stage_holds_only_its_own_types_and_those_of_the_stages_it_may_see() => Assert.Empty(
        from type in typeof(ICountStore).Assembly.GetTypes()
        let room = Room(type)
        where room is not null
        from held in Held(type).SelectMany(Parts).Distinct()
        let other = Room(held)
        where other is not null && other != room && !MayHold[room].Contains(other)
        select $"{room}/{type.Name} holds {other}/{held.Name}");

    [Fact]
    public void Only_storage_names_the_storage_client_and_only_ingest_and_streaming_talk_to_the_hub()
    {
        var service = typeof(ICountStore).Assembly.GetTypes().Where(type => Room(type) is not null).ToList();
        Assert.DoesNotContain(service, type => Room(type) != "Storage" && Held(type).SelectMany(Parts).Any(held => held.Namespace?.StartsWith("Azure.", StringComparison.Ordinal) is true));
        Assert.DoesNotContain(service, type => Room(type) is not ("Ingest" or "Streaming") && Held(type).SelectMany(Parts).Any(held => held.Name == "IEventHub"));
    }

    private static string? Room(Type type) =>
        type.Namespace?.Split('.') is ["Orleans", "Counter", var room, ..] && MayHold.ContainsKey(room) ? room : null;

    private static IEnumerable<Type> Held(Type type) =>
        type.GetFields(Everything).Select(field => field.FieldType)
            .Concat(type.GetConstructors(Everything).SelectMany(constructor => constructor.GetParameters()).Select(parameter => parameter.ParameterType))
            .Concat(type.GetMethods(Everything).SelectMany(method => method.GetParameters().Select(parameter => parameter.ParameterType).Append(method.ReturnType)));

    private static IEnumerable<Type> Parts(Type type) =>
        type.HasElementType ? Parts(type.GetElementType()!) : type.GetGenericArguments().SelectMany(Parts).Append(type);
}
