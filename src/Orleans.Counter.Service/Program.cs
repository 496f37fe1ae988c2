using Orleans.Counter;
using Orleans.Counter.Counting;
using Orleans.Counter.Http;
using Orleans.Counter.Ingest;
using Orleans.Counter.Query;
using Orleans.Counter.Storage;
using Orleans.Counter.Streaming;

// Settings lie beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddHttp();
builder.AddCluster();
builder.AddEventHub();
builder.AddAcceptance();

// The stages, in the order an event travels.
builder.AddIngest();    // HTTP body    -> frames on the hub
builder.AddStreaming(); // hub messages -> entries per shard
builder.AddCounting();  // entries      -> changed rows
builder.AddStorage();   // rows         -> the table
builder.AddQuery();     // video, rows  -> points

var app = builder.Build();
app.UseHttp();
app.MapHealth();
app.MapIngest();
app.MapQuery();
await app.RunAsync();
