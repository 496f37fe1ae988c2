using System.Globalization;
using System.IO.Hashing;
using System.Net;
using System.Security.Claims;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using Orleans.Counter.Http;

namespace Orleans.Counter.Security;

/// <summary>How often a caller may call: with a secret key as its key may, otherwise as its address may.</summary>
/// <remarks>
/// Addresses are kept in slots, by a hash that nobody outside can compute: whatever comes, there are so many and no more. Two addresses that meet in a slot share
/// its limit.
/// </remarks>
internal sealed class RequestLimits(IOptions<LimitsOptions> options, IOptions<AuthOptions> auth) : IConfigureOptions<RateLimiterOptions>
{
    private const int BurstSeconds = 5;
    private const int Slots = 16_384;

    private readonly LimitsOptions _limits = options.Value;
    private readonly bool _isOpen = auth.Value.Mode is AuthMode.Open;
    private readonly long _seed = Random.Shared.NextInt64();

    public void Configure(RateLimiterOptions options)
    {
        options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, Partition>(PartitionOf);
        options.OnRejected = (rejected, _) =>
        {
            var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var told) ? told : TimeSpan.FromSeconds(1);
            rejected.HttpContext.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            var problem = ApiProblem.Of(StatusCodes.Status429TooManyRequests, "rate_limited", "Too many requests of this caller. Wait for as long as the header Retry-After says, in seconds.");
            return new(problem.ExecuteAsync(rejected.HttpContext));
        };
    }

    private RateLimitPartition<Partition> PartitionOf(HttpContext context)
    {
        if (KeyOf(context.User) is { } key) return Bucket(new(key, 0), _limits.KeyRequestsPerSecond);
        var address = context.Connection.RemoteIpAddress ?? IPAddress.Loopback; // none: a socket of this machine
        return _isOpen && IPAddress.IsLoopback(address) ? RateLimitPartition.GetNoLimiter(default(Partition)) : Bucket(new(null, SlotOf(address)), _limits.AddressRequestsPerSecond);
    }

    // Only of callers that are known: so there are no more than keys, and users of the tenant.
    private static string? KeyOf(ClaimsPrincipal caller) => caller.Identity is { IsAuthenticated: true, AuthenticationType: not (OpenHandler.Name or ApiKeyHandler.Publishable) }
        ? caller.FindFirst(Caller.KeyId)?.Value ?? caller.FindFirst("sub")?.Value
        : null;

    /// <summary>An address of IPv6 counts by its first 64 bits: who has one has all of them.</summary>
    private int SlotOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        var counts = address.IsIPv4MappedToIPv6 ? bytes[12..] : bytes[..Math.Min(length, 8)];
        return (int)(XxHash3.HashToUInt64(counts, _seed) % Slots);
    }

    private static RateLimitPartition<Partition> Bucket(Partition partition, int perSecond) => RateLimitPartition.GetTokenBucketLimiter(partition, _ => new()
    {
        TokenLimit = (int)Math.Min(int.MaxValue, (long)BurstSeconds * perSecond),
        TokensPerPeriod = perSecond,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
    });

    private readonly record struct Partition(string? Key, int Slot);
}
