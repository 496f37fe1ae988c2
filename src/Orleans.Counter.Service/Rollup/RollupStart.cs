namespace Orleans.Counter.Rollup;

/// <summary>Has all groups wake up by themselves, once this silo is in the cluster. The reminders outlive it, and every other silo.</summary>
internal sealed partial class RollupStart(IGrainFactory grains, TimeProvider clock, ILogger<RollupStart> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var group in Group.All)
            while (!await TryBegin(group, stoppingToken)) await Task.Delay(Pause, clock, stoppingToken);
    }

    private async Task<bool> TryBegin(Group group, CancellationToken cancellationToken)
    {
        try
        {
            await grains.GetGrain<IRollupGrain>(group.ToString()).Begin(cancellationToken);
            return true;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotBegun(exception, group); // The cluster or its storage is not there yet.
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The rollup of group {Group} could not be given its reminder; trying again.")]
    private partial void LogNotBegun(Exception exception, Group group);
}
