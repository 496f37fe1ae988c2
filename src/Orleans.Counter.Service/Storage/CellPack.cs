using System.Text;

namespace Orleans.Counter.Storage;

/// <summary>Cells as bytes. See docs/storage.md for the format, which carries its own version.</summary>
internal static class CellPack
{
    private const byte Version = 1;
    private const byte PlainFlag = 0x80;

    /// <summary>One hour, as a column of a day row.</summary>
    public static byte[] PackHour(IReadOnlyList<MinuteCell> cells)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(Version);
        Write(writer, cells);
        return bytes.ToArray();
    }

    /// <summary>Reads <see cref="PackHour"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes are not an hour.</exception>
    public static IReadOnlyList<MinuteCell> UnpackHour(byte[] packed) => Reading(packed, Read);

    /// <summary>Open hours, as the column of a video row. Empty for none.</summary>
    public static byte[] PackOpen(IReadOnlyList<HourCells> hours)
    {
        if (hours.Count == 0) return [];
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(Version);
        writer.Write7BitEncodedInt(hours.Count);
        foreach (var hour in hours)
        {
            writer.Write((byte)hour.Type.Value.Length);
            writer.Write(Encoding.ASCII.GetBytes(hour.Type.Value));
            writer.Write(hour.Hour);
            Write(writer, hour.Cells);
        }

        return bytes.ToArray();
    }

    /// <summary>Reads <see cref="PackOpen"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes are not open hours.</exception>
    public static IReadOnlyList<HourCells> UnpackOpen(byte[] packed) => packed.Length == 0 ? [] : Reading(packed, reader =>
    {
        var hours = new HourCells[reader.Read7BitEncodedInt()];
        for (var i = 0; i < hours.Length; i++)
        {
            var type = EventType.Parse(Encoding.ASCII.GetString(reader.ReadBytes(reader.ReadByte())));
            hours[i] = new(type, reader.ReadInt32(), Read(reader));
        }

        return hours;
    });

    /// <summary>The quarter hours of one day, as a column of a month row.</summary>
    public static byte[] PackQuarters(IReadOnlyList<QuarterCell> quarters)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(Version);
        Write(writer, quarters, quarter => (quarter.OfDay, quarter.Cell));
        return bytes.ToArray();
    }

    /// <summary>Reads <see cref="PackQuarters"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes are not the quarter hours of a day.</exception>
    public static IReadOnlyList<QuarterCell> UnpackQuarters(byte[] packed) => Reading(packed, reader => Read(reader, (ofDay, cell) => new QuarterCell(ofDay, cell)));

    private static T Reading<T>(byte[] packed, Func<BinaryReader, T> read)
    {
        using var reader = new BinaryReader(new MemoryStream(packed));
        try
        {
            if (reader.ReadByte() is not Version and var version) throw new InvalidDataException($"Packed cells have version {version}; this program reads {Version}.");
            var value = read(reader);
            return reader.BaseStream.Position == packed.Length ? value : throw new InvalidDataException($"{packed.Length} bytes of packed cells end at {reader.BaseStream.Position}.");
        }
        catch (Exception exception) when (exception is EndOfStreamException or FormatException or OverflowException)
        {
            throw new InvalidDataException($"{packed.Length} bytes are not packed cells: {exception.Message}", exception);
        }
    }

    private static void Write(BinaryWriter writer, IReadOnlyList<MinuteCell> cells) => Write(writer, cells, minute => (minute.OfHour, minute.Cell));

    private static MinuteCell[] Read(BinaryReader reader) => Read(reader, (ofHour, cell) => new MinuteCell(ofHour, cell));

    // A minute (or quarter hour), with a flag in its high bit if all its values are 1, as with views: then sum, smallest and largest need no bytes.
    private static void Write<T>(BinaryWriter writer, IReadOnlyList<T> cells, Func<T, (byte Number, Cell Cell)> parts)
    {
        writer.Write((byte)cells.Count);
        foreach (var one in cells)
        {
            var (number, cell) = parts(one);
            writer.Write((byte)(cell.IsPlain ? number | PlainFlag : number));
            writer.Write7BitEncodedInt64(cell.Count);
            if (cell.IsPlain) continue;
            writer.Write(cell.Sum);
            writer.Write(cell.Min);
            writer.Write(cell.Max);
        }
    }

    private static T[] Read<T>(BinaryReader reader, Func<byte, Cell, T> make)
    {
        var cells = new T[reader.ReadByte()];
        for (var i = 0; i < cells.Length; i++)
        {
            var number = reader.ReadByte();
            var count = reader.Read7BitEncodedInt64();
            cells[i] = (number & PlainFlag) != 0
                ? make((byte)(number & ~PlainFlag), Cell.Plain(count))
                : make(number, new(count, reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble()));
        }

        return cells;
    }
}
