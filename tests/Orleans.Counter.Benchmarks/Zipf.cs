namespace Orleans.Counter.Benchmarks;

/// <summary>Numbers from 0 on, of which the k-th comes 1/k times as often as the first: few videos have most of the views.</summary>
internal sealed class Zipf
{
    private readonly double[] _upTo;

    public Zipf(int count)
    {
        _upTo = new double[count];
        var sum = 0.0;
        for (var i = 0; i < count; i++) _upTo[i] = sum += 1.0 / (i + 1);
    }

    public int Next(Random random)
    {
        var place = Array.BinarySearch(_upTo, random.NextDouble() * _upTo[^1]);
        return Math.Min(place < 0 ? ~place : place, _upTo.Length - 1);
    }
}
