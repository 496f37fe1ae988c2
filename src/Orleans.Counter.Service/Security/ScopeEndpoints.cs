namespace Orleans.Counter.Security;

/// <summary>How an endpoint says who may call it. One that says nothing answers nobody.</summary>
internal static class ScopeEndpoints
{
    /// <summary>Only callers with this scope; the others are answered 401 or 403.</summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder endpoints, Scope scope)
        where TBuilder : IEndpointConventionBuilder => endpoints.RequireAuthorization(scope.Name());
}
