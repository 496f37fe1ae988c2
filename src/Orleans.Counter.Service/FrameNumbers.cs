namespace Orleans.Counter;

/// <summary>Some of a writer's frames in a partition: the last of them, and which of the 64 up to it.</summary>
/// <remarks>
/// Everything further back is inside, too. Ingest sends a frame only when every frame that is <see cref="Window"/> numbers or more before it was answered, so one that the hub
/// has stands earlier in the log: whoever has read the later one has read it. (One that the hub never had belongs to no answer, and nobody asks for it.)
/// </remarks>
/// <param name="Last">The greatest number; 0 if there is none.</param>
/// <param name="Bits">Bit n: the number n before the last one. So the lowest bit is always set.</param>
[GenerateSerializer, Immutable, Alias("counter.frames")]
internal readonly record struct FrameNumbers([property: Id(0)] ulong Last, [property: Id(1)] ulong Bits)
{
    /// <summary>How far numbers may be out of order in the log. No writer may have more frames in flight.</summary>
    public const int Window = 64;

    /// <summary>These and one more.</summary>
    public FrameNumbers With(ulong number)
    {
        if (number > Last) return new(number, (number - Last < Window ? Bits << (int)(number - Last) : 0) | 1);
        return Last - number < Window ? this with { Bits = Bits | (1UL << (int)(Last - number)) } : this;
    }

    /// <summary>True if all the others are among these.</summary>
    public bool Hold(FrameNumbers others)
    {
        if (others.Last > Last) return false;
        var back = Last - others.Last;
        return back >= Window || ((others.Bits << (int)back) & ~Bits) == 0;
    }
}
