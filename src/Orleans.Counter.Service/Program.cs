using Orleans.Counter.Http;
using Orleans.Counter.Ingest;

var builder = WebApplication.CreateBuilder(args);

// The stages, in the order an event travels.
builder.AddHttp();
builder.AddIngest(); // HTTP body -> frames on the hub

var app = builder.Build();
app.UseHttp();
app.MapIngest();
await app.RunAsync();
