using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Storage;

namespace Orleans.Counter.Tests.Azure.Storage;

/// <summary>The box of the service, in a storage that is real.</summary>
public sealed class BlobDeadLetterBoxTests(Azurite azurite) : DeadLetterBoxContract
{
    private protected override async ValueTask<(IDeadLetterStore Letters, IDeadLetterBox Box)> New()
    {
        var letters = await (await azurite.NewAccount()).DeadLetters();
        return (letters, letters);
    }
}
