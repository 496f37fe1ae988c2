using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Security;

/// <summary>Whether callers are asked who they are.</summary>
internal enum AuthMode
{
    /// <summary>Everybody may do everything. The service then listens on loopback only.</summary>
    Open,

    /// <summary>Every request needs a key, or a token of Entra ID.</summary>
    ApiKey,
}

/// <summary>Who may call: section <c>Auth</c>.</summary>
internal sealed class AuthOptions : IValidatableObject
{
    public const string Section = "Auth";

    /// <summary>Open if nothing is set: the service then refuses to listen to the network, so that forgetting this setting opens nothing.</summary>
    [EnumDataType(typeof(AuthMode))]
    public AuthMode Mode { get; set; }

    /// <summary>Open, and on the network: for who has another guard before the door.</summary>
    public bool AllowOpenOnNetwork { get; set; }

    /// <summary>
    /// How long keys that were read are good while the storage does not answer. Longer rides out longer outages; a key that is revoked during one stays good
    /// that long.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan KeysWithoutStorage { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Operators with tokens of Entra ID, beside keys; none if it is not set.</summary>
    public EntraIdOptions? EntraId { get; set; }

    /// <summary>The mode, before there are options to be asked.</summary>
    /// <exception cref="InvalidOperationException">There is no such mode.</exception>
    public static AuthMode ModeOf(IConfiguration configuration) => configuration[$"{Section}:{nameof(Mode)}"] is not { Length: > 0 } mode ? AuthMode.Open
        : mode.Equals(nameof(AuthMode.Open), StringComparison.OrdinalIgnoreCase) ? AuthMode.Open
        : mode.Equals(nameof(AuthMode.ApiKey), StringComparison.OrdinalIgnoreCase) ? AuthMode.ApiKey
        : throw new InvalidOperationException($"Auth:Mode is '{mode}'; it is Open (nobody is asked for a key, on loopback only) or ApiKey.");

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (EntraId is not { } entra) yield break;
        if (string.IsNullOrWhiteSpace(entra.TenantId)) yield return new("Auth:EntraId:TenantId is missing: the id of the tenant whose tokens are taken.");
        if (string.IsNullOrWhiteSpace(entra.Audience)) yield return new("Auth:EntraId:Audience is missing: the client id of the application that stands for this service.");
    }
}

/// <summary>Whose bearer tokens are taken: section <c>Auth:EntraId</c>. Their app roles are scopes by the same names.</summary>
internal sealed class EntraIdOptions
{
    /// <summary>The tenant's id.</summary>
    public string? TenantId { get; set; }

    /// <summary>The client id of the application; its <c>api://</c> form is taken, too.</summary>
    public string? Audience { get; set; }
}

[OptionsValidator]
internal sealed partial class AuthOptionsValidator : IValidateOptions<AuthOptions>;
