using Orleans.Counter;
using Orleans.Counter.Audit;
using Orleans.Counter.Counting;
using Orleans.Counter.History;
using Orleans.Counter.Http;
using Orleans.Counter.Ingest;
using Orleans.Counter.Known;
using Orleans.Counter.Page;
using Orleans.Counter.Query;
using Orleans.Counter.Recount;
using Orleans.Counter.Rollup;
using Orleans.Counter.Security;
using Orleans.Counter.Storage;
using Orleans.Counter.Streaming;

if (LogCommand.IsAsked(args)) return await LogCommand.Run(args);
if (KeysCommand.IsAsked(args)) return await KeysCommand.Run(args);

// Settings lie beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = ApiDocument.Args(args), ContentRootPath = AppContext.BaseDirectory });
var role = Role.Read(builder.Configuration); // an API, a silo, or both in one
builder.AddClock();
builder.AddHttp();
builder.AddCluster(role);
builder.AddEventHub();
builder.AddAcceptance();

// The stages, in the order an event travels. An API runs the two ends, a silo what lies between them.
if (role.IsApi) builder.AddIngest();     // HTTP body    -> frames on the hub
if (role.IsApi) builder.AddKnown();      // a video      -> whether it is known
if (role.IsSilo) builder.AddStreaming(); // hub messages -> entries per shard
if (role.IsSilo) builder.AddCounting();  // entries      -> changed rows
builder.AddStorage();                    // rows         -> the table
if (role.IsSilo) builder.AddRollup();    // sealed days  -> month rows and Parquet segments
if (role.IsApi) builder.AddQuery();      // video, rows  -> points
if (role.IsApi) builder.AddHistory();    // lines        -> old days, set
if (role.IsApi) builder.AddAudit();      // ledgers      -> what became of every event
if (role.IsSilo) builder.AddRecount();   // raw events   -> what differs from the rows

builder.AddApiDocument();                // endpoints    -> what they say of themselves

var app = builder.Build();
app.UseHttp();
app.MapHealth();
if (role.IsApi) app.MapIngest();
if (role.IsApi) app.MapQuery();
if (role.IsApi) app.MapRollup();
if (role.IsApi) app.MapHistory();
if (role.IsApi) app.MapAudit();
if (role.IsApi) app.MapRecount();
if (role.IsApi) app.MapApiDocument();
if (role.IsApi) app.MapSession();
if (role.IsApi) app.MapPage();
if (role.IsApi) app.MapDashboard();
await app.RunAsync();
return 0;
