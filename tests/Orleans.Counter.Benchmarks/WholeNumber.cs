using System.CommandLine;

namespace Orleans.Counter.Benchmarks;

/// <summary>Options that are whole numbers.</summary>
internal static class WholeNumber
{
    public static Option<int> AtLeast(int least, string name, string description, int usual)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < least) result.AddError($"{name} is at least {least}.");
        });
        return option;
    }
}
