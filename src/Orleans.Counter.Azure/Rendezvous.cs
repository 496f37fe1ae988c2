using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace Orleans.Counter;

/// <summary>Gives keys to silos, the same way on every silo that knows the same silos: each key goes to the silo with which its hash is highest.</summary>
/// <remarks>
/// When a silo comes or goes, only its own keys move. A silo is known by its address alone: one that is started again gets back what it had.
/// </remarks>
public static class Rendezvous
{
    /// <summary>The silo of a key; null if there is no silo.</summary>
    public static SiloAddress? Home(string key, IEnumerable<SiloAddress> silos) => silos.MaxBy(silo => Weight(key, silo));

    /// <summary>Gives each key to one silo, and no silo more than one key more than another.</summary>
    /// <remarks>The highest hash of all chooses first. Whoever finds a silo full goes to its next one, so that when a silo comes or goes, some of the others' keys may move, too.</remarks>
    public static IReadOnlyDictionary<string, SiloAddress> Share(IReadOnlyCollection<string> keys, IReadOnlyCollection<SiloAddress> silos)
    {
        var homes = new Dictionary<string, SiloAddress>();
        if (silos.Count == 0) return homes;
        var (each, more) = Math.DivRem(keys.Count, silos.Count);
        var counts = silos.ToDictionary(silo => silo, _ => 0);
        foreach (var (key, silo) in keys.SelectMany(key => silos.Select(silo => (Key: key, Silo: silo))).OrderByDescending(pair => Weight(pair.Key, pair.Silo)))
        {
            if (homes.ContainsKey(key) || counts[silo] > each || (counts[silo] == each && more == 0)) continue;
            if (counts[silo]++ == each) more--;
            homes[key] = silo;
        }

        return homes;
    }

    private static ulong Weight(string key, SiloAddress silo)
    {
        // The key first, then address and port, so that similar addresses do not make similar weights.
        Span<byte> bytes = stackalloc byte[256];
        var length = Encoding.UTF8.GetBytes(key, bytes[..^32]);
        silo.Endpoint.Address.TryWriteBytes(bytes[length..], out var written);
        var port = silo.Endpoint.Port;
        MemoryMarshal.Write(bytes[(length + written)..], in port);
        return XxHash3.HashToUInt64(bytes[..(length + written + sizeof(int))]);
    }
}
