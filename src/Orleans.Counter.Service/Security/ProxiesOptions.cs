using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Security;

/// <summary>Who stands between callers and us, and is believed when it says where they are: section <c>Proxies</c>.</summary>
internal sealed class ProxiesOptions : IValidatableObject
{
    public const string Section = "Proxies";

    /// <summary>Their networks, such as <c>10.0.0.0/8</c>. Without one nobody is believed: then all who come through a proxy share its address, and its limit.</summary>
    public string[] Networks { get; set; } = [];

    /// <summary>How many of them stand in a row. More than there are lets callers invent addresses.</summary>
    [Range(1, 8)]
    public int ForwardLimit { get; set; } = 1;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => Networks
        .Where(network => !IPNetwork.TryParse(network, out _))
        .Select(network => new ValidationResult($"Proxies:Networks has '{network}'; a network is an address and how many of its bits count, such as 10.0.0.0/8."));
}

[OptionsValidator]
internal sealed partial class ProxiesOptionsValidator : IValidateOptions<ProxiesOptions>;
