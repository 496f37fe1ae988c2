using System.Collections.Concurrent;

namespace Orleans.Counter.Tests.Azure.Reminders;

internal interface IAlarmGrain : IGrainWithStringKey
{
    [Alias("set")]
    Task Set();

    [Alias("unset")]
    Task Unset();
}

/// <summary>Rings soon after it was set, and tells whoever waits in this process.</summary>
internal sealed class AlarmGrain : Grain, IAlarmGrain, IRemindable
{
    private static readonly ConcurrentDictionary<string, TaskCompletionSource> Bells = new();

    /// <summary>Completes when the grain of this key has been rung.</summary>
    public static Task Rings(string key) => Bell(key).Task;

    public Task Set() => this.RegisterOrUpdateReminder("morning", TimeSpan.FromSeconds(2), TimeSpan.FromHours(1));

    public async Task Unset() => await this.UnregisterReminder(await this.GetReminder("morning") ?? throw new InvalidOperationException("It was never set."));

    public Task ReceiveReminder(string reminderName, Orleans.Runtime.TickStatus status)
    {
        Bell(this.GetPrimaryKeyString()).TrySetResult();
        return Task.CompletedTask;
    }

    private static TaskCompletionSource Bell(string key) => Bells.GetOrAdd(key, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
}
