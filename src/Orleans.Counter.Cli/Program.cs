using System.CommandLine;
using System.Runtime.InteropServices;
using Orleans.Counter.Cli;
using Orleans.Counter.Cli.Commands;

// One place for all ways to be asked to stop; a command ends by its token, takes the time that it needs, and says itself what it returns.
using var stopping = new CancellationTokenSource();
void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stopping.Cancel();
}
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);

var root = new RootCommand("Counts views of videos, exactly, per minute.")
{
    UpCommand.Create(), ImportCommand.Create(), LoadCommand.Create(), ChaosCommand.Create(), LogCommand.Create(), KeysCommand.Create(), HubCommand.Create(), RollupsCommand.Create(), DeadLettersCommand.Create(), RecountCommand.Create(),
};
try
{
    return await root.Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false }, stopping.Token);
}
catch (CommandFailedException failure)
{
    await Console.Error.WriteLineAsync($"counter: {failure.Message}");
    return 1;
}
catch (OperationCanceledException) when (stopping.IsCancellationRequested)
{
    return 130;
}
