using CsCheck;
using Xunit;

namespace Orleans.Counter.Tests;

public sealed class CellTests
{
    private static readonly Gen<double> Value = Gen.OneOf(Gen.Double[-1e6, 1e6], Gen.OneOf(double.MaxValue, double.MinValue, 1.7e308, -1.7e308, double.Epsilon, 0));

    [Fact]
    public void Cells_stay_finite_whatever_finite_values_come() =>
        Value.Array[1, 20].Sample(values =>
        {
            var cell = values.Select(Cell.One).Aggregate((sum, one) => sum + one);
            return cell.Count == values.Length && double.IsFinite(cell.Sum) && cell.Min == values.Min() && cell.Max == values.Max();
        });

    [Fact]
    public void Nothing_added_is_nothing_changed() =>
        Gens.Cell.Sample(cell => cell + Cell.Nothing == cell && Cell.Nothing + cell == cell);

    [Fact]
    public void Only_values_of_one_are_plain()
    {
        Assert.True(Cell.Plain(5).IsPlain);
        Assert.True((Cell.One(1) + Cell.One(1)).IsPlain);
        Assert.False((Cell.One(1) + Cell.One(2)).IsPlain);
        Assert.False(Cell.Nothing.IsPlain);
    }
}
