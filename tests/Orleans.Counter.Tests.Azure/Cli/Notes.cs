using System.Threading.Channels;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Cli;

/// <summary>What a supervisor has said, to be waited for.</summary>
internal sealed class Notes
{
    private readonly Channel<string> _notes = Channel.CreateUnbounded<string>();

    public void Say(string note) => _notes.Writer.TryWrite(note);

    /// <summary>The next note that contains this text; those before it are skipped.</summary>
    public async Task<string> Next(string containing)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(1));
        while (true)
            if (await _notes.Reader.ReadAsync(patience.Token) is var note && note.Contains(containing, StringComparison.Ordinal)) return note;
    }
}
