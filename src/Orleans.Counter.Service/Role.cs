namespace Orleans.Counter;

/// <summary>What this process does: section <c>Role</c>. Without one it does everything.</summary>
/// <param name="IsApi">It answers HTTP: the two ends of the path of an event.</param>
/// <param name="IsSilo">It counts: what lies between them.</param>
internal readonly record struct Role(bool IsApi, bool IsSilo)
{
    /// <exception cref="InvalidOperationException">There is no such role.</exception>
    public static Role Read(IConfiguration configuration) => configuration["Role"]?.ToLowerInvariant() switch
    {
        null or "" => new(IsApi: true, IsSilo: true),
        "api" => new(IsApi: true, IsSilo: false),
        "silo" => new(IsApi: false, IsSilo: true),
        var other => throw new InvalidOperationException($"Role is '{other}'; it is 'api' (HTTP only), 'silo' (counting only), or not set (both in one process)."),
    };
}
