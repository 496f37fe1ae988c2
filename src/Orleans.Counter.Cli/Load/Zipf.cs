namespace Orleans.Counter.Cli.Load;

/// <summary>Numbers from 0 on, of which the k-th comes 1/k^s times as often as the first: few videos have most of the views.</summary>
internal sealed class Zipf
{
    private readonly double[] _upTo;

    /// <param name="count">How many numbers there are.</param>
    /// <param name="exponent">0: all come equally often; 1: as words do in a language.</param>
    public Zipf(int count, double exponent)
    {
        _upTo = new double[count];
        var sum = 0.0;
        for (var i = 0; i < count; i++) _upTo[i] = sum += Math.Pow(i + 1, -exponent);
    }

    public int Next(Random random)
    {
        var place = Array.BinarySearch(_upTo, random.NextDouble() * _upTo[^1]);
        return Math.Min(place < 0 ? ~place : place, _upTo.Length - 1);
    }
}
