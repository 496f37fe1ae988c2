using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orleans.Counter.Dev;

/// <summary>The certificate of this machine's endpoint, made by itself and kept with its data, so that a client has to be told to trust it once.</summary>
internal static class LocalCertificate
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(7);

    /// <summary>What clients have to trust.</summary>
    public static string PathIn(string folder) => Path.Combine(folder, "devhub-tls.pem");

    public static X509Certificate2 Open(string folder, TimeProvider time)
    {
        var (path, keyPath) = (PathIn(folder), Path.Combine(folder, "devhub-tls-key.pem"));
        if (File.Exists(path) && File.Exists(keyPath))
        {
            using var kept = X509Certificate2.CreateFromPemFile(path, keyPath);
            if (kept.NotAfter.ToUniversalTime() - RenewBefore > time.GetUtcNow().UtcDateTime)
                return Usable(kept);
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = Make(key, time.GetUtcNow());
        var readable = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            readable.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(keyPath, readable))
            writer.Write(key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(path, made.ExportCertificatePem());
        return Usable(made);
    }

    private static X509Certificate2 Make(ECDsa key, DateTimeOffset now)
    {
        var request = new CertificateRequest("CN=Orleans.Counter DevHub on this machine", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true)); // some clients trust authorities only
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false)); // of a server
        return request.CreateSelfSigned(now.AddDays(-1), now.Add(Lifetime));
    }

    // Windows serves no key that was read from PEM.
    private static X509Certificate2 Usable(X509Certificate2 certificate) => X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
}
