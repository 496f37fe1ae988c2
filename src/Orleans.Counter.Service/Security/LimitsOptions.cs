using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Security;

/// <summary>How much one caller may ask of this instance: section <c>Limits</c>. Instances do not add up what they see.</summary>
internal sealed class LimitsOptions
{
    public const string Section = "Limits";

    /// <summary>Requests a second with one secret key, or by one caller with a bearer token. After a pause, five seconds' worth at once.</summary>
    [Range(1, 1_000_000)]
    public int KeyRequestsPerSecond { get; set; } = 1_000;

    /// <summary>
    /// Requests a second from one address with a publishable key or none. After a pause, five seconds' worth at once. More lets more people share an address;
    /// less slows down who makes up views.
    /// </summary>
    [Range(1, 1_000_000)]
    public int AddressRequestsPerSecond { get; set; } = 50;

    /// <summary>How long a request may take, until it is answered 504. Orleans gives a silo 30 seconds to answer, and says it better.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(60);
}

[OptionsValidator]
internal sealed partial class LimitsOptionsValidator : IValidateOptions<LimitsOptions>;
