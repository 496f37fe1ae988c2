using Orleans.Counter.Security;
using Orleans.Counter.Tests.Ingest;

namespace Orleans.Counter.Tests.Security;

/// <summary>Keys in memory, that can be away. A key that the test makes is some seconds old when it is sent, by this clock.</summary>
internal sealed class MemoryKeys(WatchedTime? time = null) : IKeyStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ApiKey> _keys = [];
    private int _reads;

    /// <summary>True: nothing can be read.</summary>
    public volatile bool Down;

    /// <summary>How often all keys were asked for.</summary>
    public int Reads => _reads;

    public ValueTask<IReadOnlyList<ApiKey>> ReadAll(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        if (Down) throw new IOException("The table is away.");
        lock (_lock) return new([.. _keys.Values]);
    }

    public ValueTask Add(ApiKey key, CancellationToken cancellationToken)
    {
        lock (_lock) _keys.Add(key.Id, key);
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> Revoke(string id, DateTimeOffset at, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_keys.TryGetValue(id, out var key)) return new(false);
            if (key.RevokedAt is null) _keys[id] = key with { RevokedAt = at };
            return new(true);
        }
    }

    /// <summary>Makes a secret key.</summary>
    public string Secret(Scope scopes, DateTimeOffset? expires = null)
    {
        var (text, id, hash) = KeyText.NewSecret();
        lock (_lock) _keys.Add(id, new(id, "test", hash, scopes, [], default, expires, null));
        time?.Advance(KeyRing.AgainAfter * 2);
        return text;
    }

    /// <summary>Makes a publishable key.</summary>
    public string Publishable(params string[] origins)
    {
        var id = KeyText.NewId();
        lock (_lock) _keys.Add(id, new(id, "page", null, Scope.Ingest, origins, default, null, null));
        time?.Advance(KeyRing.AgainAfter * 2);
        return KeyText.PublishablePrefix + id;
    }

    public static string IdOf(string key) => KeyText.IdOf(key, out _).ToString();
}
