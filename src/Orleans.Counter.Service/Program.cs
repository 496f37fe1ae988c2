using Orleans.Counter.Http;
using Orleans.Counter.Ingest;

var builder = WebApplication.CreateBuilder(args);
builder.AddHttp();

// The stages, in the order an event travels.
builder.AddIngest(); // HTTP body -> frames on the hub

var app = builder.Build();
app.UseHttp();
app.MapHealth();
app.MapIngest();
await app.RunAsync();
