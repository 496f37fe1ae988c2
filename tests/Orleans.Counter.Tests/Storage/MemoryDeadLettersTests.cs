using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests.Storage;

/// <summary>The store that other tests use keeps the promises, too.</summary>
public sealed class MemoryDeadLettersTests : DeadLetterBoxContract
{
    private protected override ValueTask<(IDeadLetterStore Letters, IDeadLetterBox Box)> New()
    {
        var letters = new MemoryDeadLetters();
        return new((letters, letters));
    }
}
