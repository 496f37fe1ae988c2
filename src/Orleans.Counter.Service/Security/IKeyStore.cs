namespace Orleans.Counter.Security;

/// <summary>Keeps keys, without their secrets.</summary>
internal interface IKeyStore
{
    /// <summary>All keys, also those that are good for nothing any more; none if there never was one.</summary>
    ValueTask<IReadOnlyList<ApiKey>> ReadAll(CancellationToken cancellationToken);

    /// <summary>Adds a key with a new id.</summary>
    ValueTask Add(ApiKey key, CancellationToken cancellationToken);

    /// <summary>Takes a key back, for good. A second time changes nothing.</summary>
    /// <returns>False if there is no such key.</returns>
    ValueTask<bool> Revoke(string id, DateTimeOffset at, CancellationToken cancellationToken);
}
