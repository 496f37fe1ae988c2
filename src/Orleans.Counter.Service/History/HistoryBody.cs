using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans.Counter.Http;
using Orleans.Counter.Ingest;

namespace Orleans.Counter.History;

/// <summary>The minutes that a request sets, and the lines that it cannot set because they break a rule.</summary>
/// <param name="Lines">How many lines say something, without the header.</param>
/// <param name="Minutes">Of each type of each video, each once.</param>
/// <param name="Rejected">The others.</param>
internal sealed record HistoryBody(int Lines, IReadOnlyList<HistoryMinute> Minutes, IReadOnlyList<RejectedLine> Rejected)
{
    /// <summary>The largest body, in bytes.</summary>
    public const int BytesMax = 1024 * 1024;

    public const int LinesMax = 5_000;

    public const string Csv = "text/csv";

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 4 };

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a body. What breaks its grammar refuses all of it; what breaks a rule of a line rejects the line.</summary>
    public static async Task<(HistoryBody? Body, ProblemHttpResult? Problem)> Read(HttpRequest request, CancellationToken cancellationToken)
    {
        var isCsv = MediaType.IsOneOf(request, Csv);
        if (!isCsv && !MediaType.IsOneOf(request, MediaType.Lines))
            return (null, ApiProblem.Of(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "Supported here: text/csv with a header, and application/x-ndjson; texts in UTF-8, and not compressed."));
        using var bytes = await EventBody.Read(request, BytesMax, cancellationToken);
        if (bytes is null) return (null, ApiProblem.Of(StatusCodes.Status413PayloadTooLarge, "body_too_large", $"The body has more than {BytesMax} bytes; send the rest in another."));
        try
        {
            return (Read(Utf8.GetString(bytes.Bytes), isCsv), null);
        }
        catch (MalformedException malformed)
        {
            return (null, malformed.Code is "too_many_lines"
                ? ApiProblem.Of(StatusCodes.Status413PayloadTooLarge, "too_many_lines", malformed.Message)
                : ApiProblem.Of(StatusCodes.Status400BadRequest, malformed.Code, malformed.Message));
        }
        catch (DecoderFallbackException)
        {
            return (null, ApiProblem.Of(StatusCodes.Status400BadRequest, "malformed_body", "The body is not valid UTF-8."));
        }
    }

    private static HistoryBody Read(string text, bool isCsv)
    {
        var (lines, header) = (0, default(int[]));
        var (minutes, rejected, known) = (new List<HistoryMinute>(), new List<RejectedLine>(), new Dictionary<(VideoId, EventType, Minute), int>());
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            if (line.IsWhiteSpace()) continue;
            if (isCsv && header is null)
            {
                header = Header(line);
                continue;
            }

            if (++lines > LinesMax) throw new MalformedException("too_many_lines", $"A request has at most {LinesMax} lines; send the rest in another.");
            var (minute, wrong) = (header is null ? Json(line, number) : Fields(line, header, number)).Read();
            if (wrong is null && !known.TryAdd((minute.Video, minute.Type, minute.Minute), number))
                wrong = ("repeated_minute", $"Line {known[(minute.Video, minute.Type, minute.Minute)]} says already what {minute.Minute} of '{minute.Video}' and type '{minute.Type}' holds.");
            if (wrong is { } broken) rejected.Add(new(number, broken.Code, broken.Detail));
            else minutes.Add(minute);
        }

        return new(lines, minutes, rejected);
    }

    private static HistoryLine Json(ReadOnlySpan<char> line, int number)
    {
        var texts = new string?[HistoryLine.Members.Length];
        try
        {
            using var json = JsonDocument.Parse(line.ToString(), Strict);
            if (json.RootElement.ValueKind is not JsonValueKind.Object) throw new MalformedException("malformed_body", $"Line {number} is not an object.");
            foreach (var member in json.RootElement.EnumerateObject())
            {
                var place = Array.IndexOf(HistoryLine.Members, member.Name);
                if (place < 0) throw new MalformedException("unknown_member", $"Line {number} has a member '{JsonBody.Shown(member.Name)}', which does not exist; it may have {string.Join(", ", HistoryLine.Members)}.");
                texts[place] = member.Value.ValueKind switch
                {
                    JsonValueKind.String when place < HistoryLine.Required - 1 => member.Value.GetString(),
                    JsonValueKind.Number when place >= HistoryLine.Required - 1 => member.Value.GetRawText(),
                    _ => $"({member.Value.GetRawText()})", // Of another kind than it should be: no text of any member looks like this.
                };
            }
        }
        catch (JsonException broken)
        {
            throw new MalformedException("malformed_body", $"Line {number}: {broken.Message}");
        }
        catch (InvalidOperationException)
        {
            throw new MalformedException("malformed_body", $"Line {number}: a text is not Unicode: it holds half of a surrogate pair.");
        }

        return HistoryLine.Of(texts);
    }

    /// <summary>Which member each column is.</summary>
    private static int[] Header(ReadOnlySpan<char> line)
    {
        const string shape = "videoId,type,timestamp,count, and as many of sum,min,max as there are";
        var columns = Split(line, 1);
        var places = columns.Select(column => Array.IndexOf(HistoryLine.Members, column)).ToArray();
        if (Array.IndexOf(places, -1) is >= 0 and var unknown) throw new MalformedException("unknown_member", $"The header has a column '{JsonBody.Shown(columns[unknown])}', which does not exist. It has {shape}, in any order.");
        if (places.Distinct().Count() != places.Length || Enumerable.Range(0, HistoryLine.Required).Except(places).Any()) throw new MalformedException("malformed_body", $"The first line is a header: it has {shape}, in any order and each once.");
        return places;
    }

    private static HistoryLine Fields(ReadOnlySpan<char> line, int[] header, int number)
    {
        var fields = Split(line, number);
        if (fields.Count != header.Length) throw new MalformedException("malformed_body", $"Line {number} has {fields.Count} fields, and the header has {header.Length}.");
        var texts = new string?[HistoryLine.Members.Length];
        for (var i = 0; i < header.Length; i++)
            if (fields[i].Length > 0) texts[header[i]] = fields[i];
        return HistoryLine.Of(texts);
    }

    /// <summary>The fields of a line. None of them has a reason to hold a comma or a quotation mark, but some programs put marks around each.</summary>
    private static List<string> Split(ReadOnlySpan<char> line, int number)
    {
        List<string> fields = [];
        foreach (var range in line.Split(','))
        {
            var field = line[range].Trim();
            if (field is ['"', .. var quoted, '"']) field = quoted;
            if (field.Contains('"')) throw new MalformedException("malformed_body", $"Line {number} has a quotation mark inside a field, or a comma inside marks; no field needs one.");
            fields.Add(field.ToString());
        }

        return fields;
    }

    /// <summary>The body as a whole is wrong.</summary>
    private sealed class MalformedException(string code, string detail) : Exception(detail)
    {
        public string Code => code;
    }
}
