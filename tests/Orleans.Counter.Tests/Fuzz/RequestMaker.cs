using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Counter.Http;
using Orleans.Counter.Tests.Http;

namespace Orleans.Counter.Tests.Fuzz;

/// <summary>Makes requests by the document, right ones, and then breaks them. The same random numbers make the same request.</summary>
/// <param name="keys">Keys that are good: the first for everything, the others for little.</param>
internal sealed class RequestMaker(string[] keys)
{
    private const string Hole = "@hole@";
    private const int FirstLineMax = 8_000; // The server takes 8 KiB, with the method in it.

    private static readonly string[] Methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "FOO", "get", "PROPFIND"];

    private static readonly string[] MediaTypes =
    [
        "", "application/json; charset=utf-16", "application/json;charset=\"utf-8\"", "application/json;;;", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "*/*", "application/problem+json", $"{Odd.Mark}/{Odd.Mark}", "application/json, text/plain",
        "application/x-ndjson", "application/x-protobuf", "application/JSON", "text/xml",
    ];

    private static readonly (string Name, string[] Values)[] HeadersOfPeople =
    [
        ("Accept", ["text/html", "application/xml;q=0.9", "*/*;q=0", $"{Odd.Mark}", "image/*", new string(',', 500)]),
        ("Accept-Encoding", ["gzip, br, deflate", "identity;q=0", Odd.Mark]),
        ("Accept-Language", ["ar-EG", Odd.Mark]),
        ("Authorization", ["", "Bearer", "Bearer ", $"Bearer {Odd.Mark}", $"Basic {Odd.Mark}", "Bearer oc_abcdefghijkl_", $"bearer oc_pub_{Odd.Mark}aaaaaaaaa", "Bearer eyJhbGciOiJub25lIn0.e30.", $"Bearer {new string('a', 5_000)}", "Negotiate"]),
        ("X-Api-Key", ["", "oc_", $"oc_{Odd.Mark}aaaaaaaaa_0123456789012345678901234567890123456789012", $"{Odd.Mark}", "oc_pub_abcdefghijkl", $"oc_pub_{Odd.Mark}"]),
        ("Cookie", [$"a={Odd.Mark}", new string(';', 200)]),
        ("Origin", ["null", "https://evil.example", $"https://{Odd.Mark}.example", "https://www.example.com", Odd.Mark, "https://a.example, https://b.example"]),
        ("Referer", [$"https://{Odd.Mark}.example/?key=x"]),
        ("Range", ["bytes=0-0", "bytes=999999-", $"bytes={Odd.Mark}", "bytes=0-0,1-1,2-2,3-3"]),
        ("If-Match", ["*", $"\"{Odd.Mark}\""]),
        ("If-None-Match", ["*", $"W/\"{Odd.Mark}\"", Odd.Mark]),
        ("If-Modified-Since", ["Sun, 06 Nov 1994 08:49:37 GMT", Odd.Mark]),
        ("X-Forwarded-For", ["203.0.113.7", $"{Odd.Mark}", "::1", "127.0.0.1, 127.0.0.1", new string('1', 1_000)]),
        ("X-Forwarded-Proto", ["https", Odd.Mark]),
        ("X-Forwarded-Host", [$"{Odd.Mark}.example"]),
        ("X-Original-URL", ["/v1/audit"]),
        ("X-HTTP-Method-Override", ["DELETE"]),
        ("Content-Encoding", ["gzip", "br", "identity", Odd.Mark]),
        ("Expect", ["100-continue"]),
        ("Last-Event-ID", ["-1", Odd.Mark]),
        ("traceparent", ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", $"00-{Odd.Mark}"]),
        ("baggage", [$"a={Odd.Mark}"]),
        ("tracestate", [$"a={Odd.Mark}"]),
        ("Access-Control-Request-Method", ["POST", "DELETE", Odd.Mark]),
        ("Access-Control-Request-Headers", ["x-api-key", Odd.Mark]),
        ("Cache-Control", ["no-cache", Odd.Mark]),
        ("Priority", ["u=1"]),
        ("Sec-Fetch-Site", ["cross-site"]),
    ];

    /// <summary>The next request of these random numbers.</summary>
    public FuzzRequest Make(Random random)
    {
        var operation = Odd.Pick(random, ApiContract.Operations);
        for (var times = 0; times < 2 && IsDear(operation); times++) operation = Odd.Pick(random, ApiContract.Operations);
        var (path, query) = Address(operation, random);
        var request = new FuzzRequest { Method = operation.Method, Target = "" };
        request.Headers.Add(("Host", "localhost"));
        request.Headers.Add(("X-Api-Key", keys[0]));
        Fill(request, operation, random);
        var target = () => path + (query.Count is 0 ? "" : "?" + string.Join('&', query.Select(pair => pair.Value is null ? pair.Name : $"{pair.Name}={pair.Value}")));
        request.Target = target();
        for (var times = random.Next(4); times > 0; times--)
        {
            switch (random.Next(12))
            {
                case 0:
                    request.Method = Odd.Pick(random, Methods);
                    break;
                case 1:
                    path = OddPath(path, random, request);
                    request.Target = target();
                    break;
                case <= 4:
                    Spoil(query, random);
                    request.Target = target();
                    break;
                case <= 7:
                    Spoil(request, random);
                    break;
                case 8:
                    request.Framing = Odd.Pick(random, [Framing.Chunks, Framing.Chunks, Framing.BrokenChunks, Framing.Truncated, Framing.TruncatedChunks]);
                    break;
                case 9:
                    request.Set("Content-Type", Odd.Pick(random, MediaTypes));
                    break;
                case 10:
                    var (name, values) = Odd.Pick(random, HeadersOfPeople);
                    if (random.Next(4) == 0) request.Headers.Add((name, Odd.Pick(random, values)));
                    else request.Set(name, Odd.Pick(random, values));
                    break;
                default:
                    Abuse(request, random);
                    break;
            }
        }

        if (request.Target.Length > FirstLineMax) request.IsHttp = false;
        if (request.Method is "TRACE") request.IsHttp = false; // It has no body, and the server knows.
        if (request.Body is null && request.Method is "POST" or "PUT" or "PATCH" or "DELETE") request.Headers.Add(("Content-Length", "0"));
        return request;
    }

    // Most of these are 256 calls to grains, or read the whole log, and would take most of the time.
    private static bool IsDear(Operation operation) => operation.Path.StartsWith("/v1/channels/", StringComparison.Ordinal) || operation.Path is "/v1/top" or "/v1/audit" or "/v1/admin/recount" or ApiDocument.Address;

    private static (string Path, List<(string Name, string? Value)> Query) Address(Operation operation, Random random)
    {
        var (path, query) = (operation.Path, new List<(string, string?)>());
        foreach (var parameter in operation.Description["parameters"]?.AsArray() ?? [])
        {
            var name = (string)parameter!["name"]!;
            if ((string)parameter["in"]! is "path") path = path.Replace($"{{{name}}}", Right(name, parameter["schema"]!, random), StringComparison.Ordinal);
            else if (random.Next(name is "ack" ? 20 : 2) == 0 || (bool?)parameter["required"] is true) query.Add((name, Uri.EscapeDataString(Right(name, parameter["schema"]!, random))));
        }

        return (path, query);
    }

    // A text that keeps the rule of its name.
    private static string Right(string name, JsonNode given, Random random)
    {
        var schema = ApiContract.Schema.Resolve(given);
        if (schema["enum"] is JsonArray names) return (string)names[random.Next(names.Count)]!;
        var now = DateTimeOffset.UtcNow;
        return name switch
        {
            "videoId" or "channelId" or "videoIds" => $"wild-{random.Next(8)}",
            "type" => Odd.Pick(random, ["view", "like", "share", "watch_seconds"]),
            "from" => $"{now.AddDays(-random.Next(1, 40)):yyyy-MM-ddTHH:mm:00Z}",
            "to" => $"{now.AddMinutes(random.Next(0, 2_000)):yyyy-MM-ddTHH:mm:00Z}",
            "minute" => $"{now.AddMinutes(-random.Next(0, 5_000)):yyyy-MM-ddTHH:mm:00Z}",
            "timestamp" => $"{now.AddSeconds(-random.Next(0, 100_000)):yyyy-MM-ddTHH:mm:ss.fffZ}",
            "functions" => string.Join(',', schema["items"]!["enum"]!.AsArray().Where(_ => random.Next(2) == 0).Select(one => (string)one!).DefaultIfEmpty("count")),
            "fill" => random.Next(2) == 0 ? "true" : "false",
            "days" => random.Next(0, 1_001).ToString(CultureInfo.InvariantCulture),
            "timeZone" => Odd.Pick(random, ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"]),
            "limit" => random.Next(1, 101).ToString(CultureInfo.InvariantCulture),
            "ack" => "AQcAAAAAAAAAAPAkLw", // nearly a token
            "cursor" => PageCursor.Write($"letter {random.Next(100)}"),
            "id" => $"f{random.Next(100_000)}",
            "title" or "reason" => "Twelve kittens",
            _ => throw new NotSupportedException($"The fuzzer does not know how to make a '{name}'; teach it."),
        };
    }

    private static void Fill(FuzzRequest request, Operation operation, Random random)
    {
        if (operation.Description["requestBody"] is not { } body || ((bool?)body["required"] is not true && random.Next(2) == 0)) return;
        var (mediaType, form) = Odd.Pick(random, body["content"]!.AsObject().ToList());
        request.Set("Content-Type", mediaType);
        request.Body = mediaType switch
        {
            "application/x-protobuf" => Protobuf(random),
            "text/csv" => Encoding.UTF8.GetBytes(Csv(random)),
            "application/x-ndjson" => Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, random.Next(1, 5)).Select(_ => Json(form!["schema"]!, random)))),
            _ => Encoding.UTF8.GetBytes(Json(form!["schema"]!, random)),
        };
    }

    private static string Csv(Random random) =>
        "videoId,type,timestamp,count\n" + string.Join('\n', Enumerable.Range(0, random.Next(1, 5)).Select(_ => $"{Right("videoId", new JsonObject(), random)},view,{Odd.Pick(random, ["2019-03-31T23:59:00Z", "2019-03-31", ""])},{random.Next(-1, 9)}"));

    private static byte[] Protobuf(Random random)
    {
        var batch = new Protocol.EventBatch();
        for (var i = random.Next(1, 5); i > 0; i--) batch.Events.Add(new Protocol.Event { VideoId = Right("videoId", new JsonObject(), random), Id = random.Next(2) == 0 ? "" : Right("id", new JsonObject(), random) });
        return Google.Protobuf.MessageExtensions.ToByteArray(batch);
    }

    // A value that keeps its rule; every other one gets a member that does not exist, or a hole that something odd is put into.
    private static string Json(JsonNode schema, Random random)
    {
        var (tree, places) = (Tree("", schema, random), new List<Action<JsonNode>>());
        if (random.Next(2) == 0) return Text(tree);
        Places(tree, places);
        if (places.Count is 0 || random.Next(3) == 0) return Text(tree).Replace("{", $"{{\"{Odd.Mark}\":{Odd.Value(random)},", StringComparison.Ordinal);
        Odd.Pick(random, places)(Hole);
        return Text(tree).Replace($"\"{Hole}\"", Odd.Value(random), StringComparison.Ordinal);

        static string Text(JsonNode? tree) => tree!.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    private static void Places(JsonNode? node, List<Action<JsonNode>> places)
    {
        if (node is JsonObject one)
            foreach (var name in one.Select(member => member.Key).ToList())
            {
                places.Add(value => one[name] = value);
                Places(one[name], places);
            }
        else if (node is JsonArray many)
            for (var i = 0; i < many.Count; i++)
            {
                var at = i;
                places.Add(value => many[at] = value);
                Places(many[i], places);
            }
    }

    private static JsonNode? Tree(string name, JsonNode given, Random random)
    {
        var schema = ApiContract.Schema.Resolve(given);
        if (schema["properties"] is JsonObject members)
        {
            var required = schema["required"]?.AsArray().Select(one => (string)one!).ToList() ?? [];
            return new JsonObject(members.Where(member => required.Contains(member.Key) || random.Next(2) == 0).Select(member => KeyValuePair.Create(member.Key, Tree(member.Key, member.Value!, random))).ToList());
        }

        if (schema["items"] is { } items) return new JsonArray([.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => Tree(name, items, random))]);
        return (schema["type"] is JsonValue type ? (string)type! : "string") switch
        {
            "integer" => random.Next(-3, 6) is var whole and not 0 ? whole : 1,
            "boolean" => random.Next(2) == 0,
            "number" => Math.Round((random.NextDouble() * 10) + 0.5, 2),
            _ => Right(name, schema, random),
        };
    }

    private static string OddPath(string path, Random random, FuzzRequest request)
    {
        if (!path.StartsWith('/')) return path; // Broken already.
        var segments = path.Split('/');
        switch (random.Next(10))
        {
            case <= 3:
                segments[random.Next(1, segments.Length)] = Odd.Encoded(random);
                break;
            case 4:
                return string.Concat(path.Select(c => random.Next(3) == 0 && c is not '/' ? $"%{(int)c:X2}" : $"{c}"));
            case 5:
                return path.ToUpperInvariant() + (random.Next(2) == 0 ? "/" : "");
            case 6:
                return Odd.Pick(random, ["/..%2f..%2f..%2fetc/passwd", $"/v1/videos/../../{Odd.Mark}", $"/v1/./videos/{Odd.Mark}/../x/count", "/v1//events", "//v1/events", $"/{Odd.Mark}", "/", "/v1", "/v1/admin/", "/scalar", "/openapi/../v1/audit", "/v1/videos/a%2F..%2Fb/count", "/dashboard", "/.env", "/health/"]);
            case 7:
                return path + Odd.Pick(random, ["%", "%zz", "%u0041", "%c0%af", "%25", "%E2%80%AE", ";a=b", "%20", "+", "~", "*", "'", "%ED%A0%80"]);
            case 8:
                return $"/v1/videos/{Odd.Mark}{new string('x', random.Next(200, 4_000))}/count";
            default:
                request.IsHttp = false;
                return Odd.Pick(random, ["%00", "/v1/videos/a%00b/count", "*", "", "http://evil.example/v1/audit", "localhost:80", "/v1/ events", "\\v1\\events", "/v1/videos/\u00e4/count", $"/{new string('y', 10_000)}", "/a\u0001b", "/?%00"]);
        }

        foreach (var segment in segments) if (segment.Contains("%00", StringComparison.Ordinal)) request.IsHttp = false;
        return string.Join('/', segments);
    }

    private static void Spoil(List<(string Name, string? Value)> query, Random random)
    {
        switch (random.Next(8))
        {
            case <= 2 when query.Count > 0:
                var at = random.Next(query.Count);
                query[at] = (query[at].Name, Odd.Encoded(random));
                break;
            case 3 when query.Count > 0:
                query.Add(query[random.Next(query.Count)]);
                break;
            case 4 when query.Count > 0:
                query.RemoveAt(random.Next(query.Count));
                break;
            case 5:
                query.Add((Odd.Pick(random, ["", "a", "TYPE", "type", "%74ype", "key", "KEY", "ack", "from", "fill", "functions", "[]", "type[]", "$filter", Odd.Mark]), random.Next(3) == 0 ? null : Odd.Encoded(random)));
                break;
            case 6:
                query.Add((Odd.Pick(random, ["%", "%zz=%zz", "&&&", "=", "?", "%00=%00", "type=%", "type=%ff", "a=b=c", ";", "type=view;like", "+", "from=2026-11-23T10:05:00+01:00", $"functions={new string(',', 3_000)}", $"ack={new string('A', 6_000)}", $"type={Odd.Mark}{new string('t', 3_000)}"]), null));
                break;
            default:
                query.Add(("ack", Odd.Encoded(random)));
                break;
        }
    }

    private static void Spoil(FuzzRequest request, Random random)
    {
        if (request.Body is not { Length: > 0 } body)
        {
            request.Body = Odd.Pick(random, [[], "{}"u8.ToArray(), "zq7"u8.ToArray(), "null"u8.ToArray(), new byte[300], "[]"u8.ToArray()]);
            return;
        }

        var at = random.Next(body.Length);
        request.Body = random.Next(12) switch
        {
            0 => [0xEF, 0xBB, 0xBF, .. body],
            1 => [.. body, .. body],
            2 => [.. body, .. "zq7"u8],
            3 => body[..at],
            4 => [.. body[..at], .. Odd.Pick<byte[]>(random, [[0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xFF], [0], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x80, 0xAE]]), .. body[at..]],
            5 => [.. body[..at], (byte)random.Next(256), .. body[(at + 1)..]],
            6 => [.. body[..at], .. body[random.Next(at, body.Length)..]],
            7 => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body).Replace(",", ",,", StringComparison.Ordinal)),
            8 => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body).Replace('"', '\'')),
            9 => Encoding.Unicode.GetBytes(Encoding.UTF8.GetString(body)),
            10 => Encoding.UTF8.GetBytes(Odd.Value(random)),
            _ when random.Next(20) == 0 => [.. body, .. Enumerable.Repeat((byte)' ', random.Next(2) == 0 ? 20_000 : 1_100_000)],
            _ => [.. body, .. "\n \t\r\n"u8],
        };
    }

    private void Abuse(FuzzRequest request, Random random)
    {
        switch (random.Next(14))
        {
            case 0:
                request.Headers.RemoveAll(header => header.Name is "X-Api-Key");
                break;
            case 1:
                request.Set("X-Api-Key", keys[random.Next(1, keys.Length)]);
                break;
            case 2:
                request.Headers.Add(("X-Api-Key", keys[0]));
                break;
            case 3:
                request.Headers.RemoveAll(header => header.Name is "X-Api-Key");
                request.Headers.Add(("Authorization", $"Bearer {keys[random.Next(keys.Length)]}"));
                break;
            case 4:
                request.Headers.RemoveAll(header => header.Name is "X-Api-Key");
                request.Target += $"{(request.Target.Contains('?', StringComparison.Ordinal) ? '&' : '?')}key={keys[random.Next(keys.Length)]}";
                request.Headers.Add(("Origin", "https://www.example.com"));
                break;
            case 5:
                request.Headers.Add(($"X-{Odd.Mark}", new string('h', random.Next(1_000, 7_000))));
                break;
            case 6:
                for (var i = 0; i < 30; i++) request.Headers.Add(("X-Many", Odd.Mark));
                break;
            case 7:
                request.Headers.Add(("Connection", Odd.Pick(random, ["close", "Upgrade, HTTP2-Settings", "keep-alive", Odd.Mark])));
                request.Headers.Add(("Upgrade", Odd.Pick(random, ["h2c", "websocket", Odd.Mark])));
                break;
            case 8:
                request.Set("Host", Odd.Pick(random, ["evil.example", "localhost:1", $"{Odd.Mark}.example", "[::1]", "127.0.0.1"]));
                break;
            default:
                request.IsHttp = false;
                BreakHttp(request, random);
                break;
        }
    }

    private static void BreakHttp(FuzzRequest request, Random random)
    {
        switch (random.Next(9))
        {
            case 0:
                request.Headers.Add(("X-Huge", new string('h', 20_000)));
                break;
            case 1:
                for (var i = 0; i < 100; i++) request.Headers.Add(($"X-{i}", Odd.Mark));
                break;
            case 2:
                request.Headers.Add(("Content-Length", Odd.Pick(random, ["-1", "99999999999999999999", Odd.Mark, "1, 2", "0x10"])));
                break;
            case 3:
                request.Headers.Add(("Transfer-Encoding", Odd.Pick(random, ["gzip", "chunked, chunked", Odd.Mark, "identity"])));
                break;
            case 4:
                request.Headers.Add((Odd.Pick(random, ["", "X Y", "X\u0001", "X:Y", "\u00e4"]), Odd.Mark));
                break;
            case 5:
                request.Headers.Add((Odd.Pick(random, HeadersOfPeople).Name, Odd.Raw(random).Replace("\n", "", StringComparison.Ordinal)));
                break;
            case 6:
                request.Headers.RemoveAll(header => header.Name is "Host");
                break;
            case 7:
                request.Headers.Add(("Host", $"{Odd.Mark}.example"));
                break;
            default:
                request.Method = Odd.Pick(random, ["CONNECT", "G E T", "", "GET\u0001", new string('M', 300), "PRI"]);
                break;
        }
    }
}
