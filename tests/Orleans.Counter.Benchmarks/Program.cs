using System.CommandLine;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Orleans.Counter;
using Orleans.Counter.Benchmarks;
using Orleans.Counter.Benchmarks.History;
using Orleans.Counter.Benchmarks.Hub;
using Orleans.Counter.Benchmarks.Load;
using Orleans.Counter.Benchmarks.Recovery;
using Orleans.Counter.Benchmarks.Stages;

if (typeof(Position).Assembly.GetCustomAttribute<DebuggableAttribute>()?.IsJITOptimizerDisabled is true)
{
    await Console.Error.WriteLineAsync("The figures of a debug build mean nothing: dotnet run -c Release --project tests/Orleans.Counter.Benchmarks -- ingest");
    return 1;
}

// What was started is stopped, whichever way we are asked to end.
using var stopping = new CancellationTokenSource();
void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stopping.Cancel();
}
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);

var root = new RootCommand("What counting costs.") { IngestCommand.Create(), StagesCommand.Create(), RecoverCommand.Create(), HubCommand.Create(), HistoryCommand.Create() };
try
{
    return await root.Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false }, stopping.Token);
}
catch (OperationCanceledException) when (stopping.IsCancellationRequested)
{
    return 130;
}
catch (BenchmarkFailedException failure)
{
    await Console.Error.WriteLineAsync($"benchmark: {failure.Message}");
    return 1;
}
