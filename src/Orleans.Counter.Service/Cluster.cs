using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Counter.Page;
using Orleans.Counter.Storage;
using Orleans.Dashboard;

namespace Orleans.Counter;

/// <summary>The silo in this process: section <c>Silo</c>.</summary>
internal sealed class SiloSettings : IValidatableObject
{
    /// <summary>For other silos.</summary>
    [Range(1, 65535)]
    public int Port { get; set; } = 11111;

    /// <summary>For processes of the role <c>api</c>.</summary>
    [Range(1, 65535)]
    public int GatewayPort { get; set; } = 30000;

    /// <summary>The address at which the others reach this machine. Without one, all silos are on this machine.</summary>
    public string? Address { get; set; }

    public IPAddress Reachable => Address is { Length: > 0 } address ? IPAddress.Parse(address) : IPAddress.Loopback;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Address is { Length: > 0 } address && !IPAddress.TryParse(address, out _)) yield return new($"Silo:Address is '{address}'; it is an IP address, such as 10.0.0.4.");
    }
}

/// <summary>How the processes of the service find each other: by tables in the storage account that also holds the counts.</summary>
internal static partial class Cluster
{
    private const string Name = "counter";

    // Stopping is storing: shards get this long to do it. What they do not manage is read from the log again.
    private static readonly TimeSpan ShutdownMax = TimeSpan.FromSeconds(40);

    public static IHostApplicationBuilder AddCluster(this IHostApplicationBuilder builder, Role role)
    {
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownMax);

        // Two deployments may share an account; a redeployment of one must find its tables again.
        builder.Services.PostConfigure<ClusterOptions>(options =>
        {
            if (options.ClusterId is "default") options.ClusterId = Name;
            if (options.ServiceId is "default") options.ServiceId = Name;
        });
        return role.IsSilo ? builder.AddSilo() : builder.AddClient();
    }

    private static IHostApplicationBuilder AddSilo(this IHostApplicationBuilder builder)
    {
        var settings = builder.Configuration.GetSection("Silo").Get<SiloSettings>() ?? new();
        Validator.ValidateObject(settings, new(settings), validateAllProperties: true);
        return builder.UseOrleans(silo =>
        {
            silo.ConfigureEndpoints(settings.Reachable, settings.Port, settings.GatewayPort, listenOnAnyHostAddress: !IPAddress.IsLoopback(settings.Reachable));
            silo.UseAzureStorageClustering(options => options.Configure<IOptions<StorageOptions>>((clustering, storage) => clustering.TableServiceClient = storage.Value.Membership()));
            silo.UseAzureTableReminderService(options => options.Configure<IOptions<StorageOptions>>((reminders, storage) => reminders.TableServiceClient = storage.Value.Membership()));
            silo.Configure<ClusterMembershipOptions>(options =>
            {
                // A silo that does not answer three times in a row is declared dead by two others, or by the only other one: after three to six seconds. Orleans measures how long
                // answers take, and waits no shorter and no longer than this for one. Quicker would take a long pause for a death.
                options.ProbeTimeout = options.MinProbeTimeout = TimeSpan.FromSeconds(1);
                options.MaxProbeTimeout = TimeSpan.FromSeconds(2);
                options.NumMissedProbesLimit = 3;
                options.TableRefreshTimeout = TimeSpan.FromSeconds(15);

                // Who starts asks all that say they are alive, and waits for those that have died and could not say so; this is how long it believes them, at most three times over.
                options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
            });
#pragma warning disable ORLEANSEXP003 // Experimental: the usual directory forgets, when a silo dies, where grains of the others live, and for a while there may be two of one.
            silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003

            // After a death the directory would keep grains asleep for half a minute, in case the dead one still writes. Here nobody has to wait: the versions of the rows refuse it.
            silo.Configure<GrainDirectoryOptions>(options => options.RangeLeaseDuration = TimeSpan.Zero);
            silo.AddDashboard(DashboardPage.Configure);
            silo.Configure<GrainCollectionOptions>(options => options.CollectionAge = TimeSpan.FromMinutes(15));
        });
    }

    private static IHostApplicationBuilder AddClient(this IHostApplicationBuilder builder) => builder.UseOrleansClient(client =>
    {
        client.UseAzureStorageClustering(options => options.Configure<IOptions<StorageOptions>>((gateways, storage) => gateways.TableServiceClient = storage.Value.Membership()));
        client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(5));
        client.UseConnectionRetryFilter<WaitsForSilos>();
        client.AddDashboard(DashboardPage.Configure);
    });

    /// <summary>A front end that is started first waits for the silos.</summary>
    private sealed partial class WaitsForSilos(ILogger<WaitsForSilos> logger) : IClientConnectionRetryFilter
    {
        public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
        {
            LogWaiting(exception.Message);
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            return true;
        }

        [LoggerMessage(Level = LogLevel.Warning, Message = "No silo can be reached ({Reason}); waiting for one.")]
        private partial void LogWaiting(string reason);
    }
}
