namespace Orleans.Counter;

/// <summary>Names that cross silos: never changed.</summary>
internal static class StreamNames
{
    /// <summary>The provider whose streams the hub feeds.</summary>
    public const string Provider = "hub";

    /// <summary>The namespace of the shards' streams; a stream's key is its shard in two hex digits.</summary>
    public const string Shards = "shards";
}
