namespace Orleans.Configuration;

/// <summary>Where reminders are kept.</summary>
public sealed class AzureTableReminderStorageOptions : AzureStorageOperationOptions
{
    /// <inheritdoc/>
    public override string TableName { get; set; } = "OrleansReminders";
}
