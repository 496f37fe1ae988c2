// What the official JavaScript client sees of an endpoint. One line of JSON for each sentence: { name, ok, error, milliseconds }.
// node conformance.mjs <folder of node_modules> <connection string> <URL of the control API> <hub>...
// There is one hub of four partitions for each sentence.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, connectionString, control, ...hubs] = process.argv.slice(2);
const library = createRequire(join(modules, "package.json"));
const {
  EventHubBufferedProducerClient, EventHubConsumerClient, EventHubProducerClient, earliestEventPosition, latestEventPosition,
} = library("@azure/event-hubs");
const { mapPartitionKeyToId } = library(join(modules, "node_modules/@azure/event-hubs/dist/commonjs/impl/partitionKeyToIdMapper.js"));

const atOnce = 3;
const patience = 90_000;
const partitions = ["0", "1", "2", "3"];
const retryOptions = { maxRetries: 0, timeoutInMs: 45_000 }; // an error is to be seen, not repeated
const sentences = [];
const test = (name, run) => sentences.push({ name, run });

const patient = { maxRetries: 5, retryDelayInMs: 10, timeoutInMs: 45_000 };
const hasty = { ...patient, timeoutInMs: 8_000 }; // a send whose link has gone fails in this client when its time is up, and no earlier

const producer = (hub, string = connectionString, retry = retryOptions) => new EventHubProducerClient(string, hub, { retryOptions: retry });
const consumer = (hub, group = "$Default", retry = retryOptions, string = connectionString) =>
  new EventHubConsumerClient(group, string, hub, { retryOptions: retry });
const range = count => Array.from({ length: count }, (_, i) => i);

async function using(client, act) {
  try {
    return await act(client);
  } finally {
    await client.close();
  }
}

const send = (hub, events, options) => using(producer(hub), client => client.sendBatch(events, options));
const describe = (hub, partition) => using(producer(hub), client => client.getPartitionProperties(partition));

// Somebody who reads a partition until closed. `came(n)` waits for the n-th event, `failed` for an error; neither is ever rejected.
class Reader {
  events = [];
  #waiting = [];

  constructor(hub, { partition = "0", string, group, startPosition = earliestEventPosition, retry = retryOptions, ...options } = {}) {
    this.failed = new Promise(resolve => (this.fail = resolve));
    this.closed = new Promise(resolve => (this.closing = resolve));
    this.client = consumer(hub, group, retry, string);
    this.client.subscribe(partition, {
      processEvents: async (events, context) => {
        this.context = context;
        this.events.push(...events);
        this.#waiting = this.#waiting.filter(({ count, resolve }) => this.events.length < count || resolve(this.events.slice(0, count)));
      },
      processError: async error => this.fail(error),
      processClose: async reason => this.closing(reason),
    }, { startPosition, maxBatchSize: 50, maxWaitTimeInSeconds: 1, ...options });
  }

  came(count) {
    if (this.events.length >= count) return Promise.resolve(this.events.slice(0, count));
    return new Promise(resolve => this.#waiting.push({ count, resolve }));
  }

  close = () => this.client.close();
}

// The first events of a partition, or the error that came in their place.
const read = (hub, count, options) => using(new Reader(hub, options), async reader => {
  const came = await Promise.race([reader.came(count), reader.failed]);
  if (came instanceof Error) throw came;
  return came;
});

async function fill(hub, count) {
  await using(producer(hub), async client => {
    for (const i of range(count)) await client.sendBatch([{ body: i }], { partitionId: "0" });
  });
  return read(hub, count);
}

const refused = (promise, code, text) => assert.rejects(promise, error => {
  assert.equal(error.code, code, `${error.code}: ${error.message}`);
  assert.match(error.message, text);
  return true;
});

function isError(error, code, text) {
  assert.equal(error.code, code, `${error.code}: ${error.message}`);
  assert.match(error.message, text);
}

// ---- sending

test("A batch to a partition comes back from it in order, and from no other", async hub => {
  await using(producer(hub), async client => {
    const batch = await client.createBatch({ partitionId: "2" });
    for (const i of range(100)) assert.ok(batch.tryAdd({ body: i }));
    await client.sendBatch(batch);
  });
  const events = await read(hub, 100, { partition: "2" });
  assert.deepEqual(events.map(one => one.body), range(100));
  assert.deepEqual(events.map(one => one.sequenceNumber), range(100));
  for (const id of ["0", "1", "3"]) assert.ok((await describe(hub, id)).isEmpty);
});

test("A list of events may be sent without a batch", async hub => {
  await send(hub, [{ body: "a" }, { body: "b" }], { partitionId: "1" });
  assert.deepEqual((await read(hub, 2, { partition: "1" })).map(one => one.body), ["a", "b"]);
});

test("Events without partition go to each in turn", async hub => {
  await using(producer(hub), async client => {
    for (const i of range(8)) await client.sendBatch([{ body: i }]);
  });
  for (const id of partitions) assert.equal((await describe(hub, id)).lastEnqueuedSequenceNumber, 1);
});

test("Events of a key land in the partition that the service's hash says", async hub => {
  const keys = range(48).map(i => ["k", "ключ-", "order-", "a-very-long-partition-key-that-spans-blocks-", "🐈"][i % 5] + i * 7919);
  await using(producer(hub), async client => {
    for (const [i, partitionKey] of keys.entries()) {
      const batch = await client.createBatch({ partitionKey });
      batch.tryAdd({ body: partitionKey });
      if (i % 2) await client.sendBatch(batch);
      else await client.sendBatch([{ body: partitionKey }], { partitionKey });
    }
  });
  for (const partition of partitions) {
    const expected = keys.filter(key => String(mapPartitionKeyToId(key, partitions.length)) === partition);
    const events = expected.length ? await read(hub, expected.length, { partition }) : [];
    assert.deepEqual(events.map(one => one.partitionKey), expected);
    assert.equal((await describe(hub, partition)).lastEnqueuedSequenceNumber, expected.length - 1);
  }
});

test("A batch takes as much as the link says, and all of it arrives", async hub => {
  await using(producer(hub), async client => {
    const batch = await client.createBatch({ partitionId: "0" });
    assert.equal(batch.maxSizeInBytes, 1024 * 1024);
    let count = 0;
    while (batch.tryAdd({ body: Buffer.alloc(50_000, count) })) count++;
    assert.equal(count, 20);
    await client.sendBatch(batch);
    const events = await read(hub, count);
    assert.deepEqual(events.map(one => one.body[0]), range(count));
  });
});

test("A batch larger than the link allows cannot be made", async hub => {
  await using(producer(hub), client => assert.rejects(client.createBatch({ maxSizeInBytes: 1024 * 1024 + 1 }), /is greater than/));
});

test("An event of a megabyte passes, an oversize message is refused, and the link lives on", async hub => {
  await using(producer(hub), async client => {
    const large = Buffer.alloc(1_048_000, 7);
    await client.sendBatch([{ body: large }], { partitionId: "0" });
    await refused(client.sendBatch([{ body: Buffer.alloc(1_100_000) }], { partitionId: "0" }), "MessageTooLargeError", /exceeds the limit \(1048576 bytes\)/);
    await client.sendBatch([{ body: "after" }], { partitionId: "0" });
    const [first, second] = await read(hub, 2);
    assert.ok(large.equals(first.body));
    assert.equal(second.body, "after");
  });
});

test("A partition id and a partition key exclude each other", async hub => {
  await using(producer(hub), client => assert.rejects(client.createBatch({ partitionId: "0", partitionKey: "k" }), /partitionId.*partitionKey|partitionKey.*partitionId/));
});

test("Two producers of one process send side by side", async hub => {
  await using(producer(hub), first => using(producer(hub), async second => {
    for (const i of range(5)) {
      await Promise.all([first.sendBatch([{ body: i }], { partitionId: "0" }), second.sendBatch([{ body: i }], { partitionId: "1" })]);
    }
  }));
  assert.equal((await describe(hub, "0")).lastEnqueuedSequenceNumber, 4);
  assert.equal((await describe(hub, "1")).lastEnqueuedSequenceNumber, 4);
});

test("Sixty sends at once all arrive, each of them once", async hub => {
  await using(producer(hub), client => Promise.all(range(60).map(i => client.sendBatch([{ body: i }], { partitionId: "0" }))));
  assert.deepEqual((await read(hub, 60)).map(one => one.body).sort((a, b) => a - b), range(60));
});

test("A buffered producer sends everything, by key, by partition and in turn", async hub => {
  const sent = [];
  const client = new EventHubBufferedProducerClient(connectionString, hub, {
    retryOptions,
    maxWaitTimeInMs: 100,
    onSendEventsSuccessHandler: async ({ events, partitionId }) => sent.push(...events.map(({ body }) => ({ body, partitionId }))),
    onSendEventsErrorHandler: async ({ error }) => sent.push(error),
  });
  for (const i of range(40)) await client.enqueueEvent({ body: `key ${i}` }, { partitionKey: `k${i}` });
  for (const i of range(10)) await client.enqueueEvent({ body: `id ${i}` }, { partitionId: "3" });
  await client.enqueueEvents(range(20).map(i => ({ body: `turn ${i}` })));
  await client.flush();
  await client.close();
  assert.equal(sent.length, 70);

  let stored = [];
  for (const partition of partitions) {
    const { lastEnqueuedSequenceNumber: last } = await describe(hub, partition);
    const events = last < 0 ? [] : await read(hub, last + 1, { partition });
    stored.push(...events.map(one => ({ body: one.body, partitionId: partition })));
  }
  const order = (a, b) => (a.body < b.body ? -1 : 1);
  assert.deepEqual(stored.sort(order), sent.sort(order));
  for (const i of range(40)) {
    assert.equal(stored.find(one => one.body === `key ${i}`).partitionId, String(mapPartitionKeyToId(`k${i}`, partitions.length)));
  }
});

// ---- what events carry

test("Bodies come back as what they were: text, numbers, objects, bytes, nothing", async hub => {
  const bodies = ["text", "", 42, 1.5, true, null, [1, "two", [3]], { a: { b: [null] } }, Buffer.from([0, 255, 1])];
  await send(hub, bodies.map(body => ({ body })), { partitionId: "0" });
  assert.deepEqual((await read(hub, bodies.length)).map(one => one.body), bodies);
});

test("AMQP values and sequences come back as such", async hub => {
  await send(hub, [
    { body: "plain", bodyType: "value" }, { body: { a: 1, b: ["x"] }, bodyType: "value" }, { body: [[1, 2], ["x"]], bodyType: "sequence" },
    { body: Buffer.from("data"), bodyType: "data" },
  ], { partitionId: "0" });
  const events = await read(hub, 4);
  assert.deepEqual(events.map(one => one.getRawAmqpMessage().bodyType), ["value", "value", "sequence", "data"]);
  assert.deepEqual(events.slice(0, 3).map(one => one.body), ["plain", { a: 1, b: ["x"] }, [[1, 2], ["x"]]]);
  assert.equal(events[3].body.toString(), "data");
});

test("Properties of every type come back, and what the client calls its own", async hub => {
  const properties = { text: "x", whole: 7, negative: -3, fraction: 0.5, yes: true, no: false, when: new Date(1_700_000_000_000), nothing: null };
  await send(hub, [{ body: 1, properties, messageId: "id-1", correlationId: "c-1", contentType: "application/json" }], { partitionId: "0" });
  const [event] = await read(hub, 1);
  assert.deepEqual(event.properties, { ...properties, when: 1_700_000_000_000 });
  assert.deepEqual([event.messageId, event.correlationId, event.contentType], ["id-1", "c-1", "application/json"]);
});

test("Sections of an annotated message come back whole", async hub => {
  const message = {
    body: "annotated", bodyType: "value",
    header: { durable: true, priority: 4, firstAcquirer: false, deliveryCount: 0 },
    properties: {
      messageId: "m", to: "to", subject: "subject", replyTo: "reply", correlationId: "c", contentType: "text/plain", contentEncoding: "utf-8",
      groupId: "g", groupSequence: 3, replyToGroupId: "rg", absoluteExpiryTime: 1_800_000_000_000, creationTime: 1_700_000_000_000,
    },
    messageAnnotations: { "x-mine": "kept" }, applicationProperties: { app: 1 }, footer: { foot: "note" },
  };
  await send(hub, [message], { partitionId: "0" });
  const [event] = await read(hub, 1);
  const raw = event.getRawAmqpMessage();
  assert.equal(raw.body, "annotated");
  for (const [name, value] of Object.entries(message.properties)) assert.equal(Number(raw.properties[name]) || raw.properties[name], value, name);
  assert.equal(raw.header.durable, true);
  assert.equal(raw.header.priority, 4);
  assert.equal(event.systemProperties["x-mine"], "kept");
  assert.deepEqual(raw.applicationProperties, { app: 1 });
  assert.deepEqual(raw.footer, { foot: "note" });
});

test("Unicode is the same in bodies, properties and keys", async hub => {
  const text = "кошка 猫 🐈‍⬛ é é \u0000 \u202e";
  await send(hub, [{ body: text, properties: { [text]: text }, messageId: text }], { partitionKey: text });
  const [event] = await read(hub, 1, { partition: String(mapPartitionKeyToId(text, partitions.length)) });
  assert.deepEqual([event.body, event.properties, event.messageId, event.partitionKey], [text, { [text]: text }, text, text]);
});

test("The service's stamp is on every event, and a stamp that was sent with it is not believed", async hub => {
  const before = Date.now();
  const [first] = await fill(hub, 1);
  assert.equal(first.sequenceNumber, 0);
  assert.equal(typeof first.offset, "string");
  assert.ok(first.enqueuedTimeUtc instanceof Date && first.enqueuedTimeUtc >= before - 60_000 && first.enqueuedTimeUtc <= Date.now() + 60_000);

  await send(hub, [first], { partitionId: "0" });
  const [, again] = await read(hub, 2);
  assert.equal(again.sequenceNumber, 1);
  assert.notEqual(again.offset, first.offset);
  assert.equal(again.body, first.body);
});

// ---- where a reader begins

const beginsAt = (first, position) => async hub => {
  const seventh = (await fill(hub, 12))[7];
  assert.equal((await read(hub, 1, { startPosition: position(seventh) }))[0].sequenceNumber, first);
};

test("A reader begins after a sequence number", beginsAt(8, one => ({ sequenceNumber: one.sequenceNumber })));
test("A reader begins with a sequence number, if that is included", beginsAt(7, one => ({ sequenceNumber: one.sequenceNumber, isInclusive: true })));
test("A reader begins after an offset", beginsAt(8, one => ({ offset: one.offset })));
test("A reader begins with an offset, if that is included", beginsAt(7, one => ({ offset: one.offset, isInclusive: true })));

test("A reader begins with the first event after an enqueued time", async hub => {
  const all = await fill(hub, 30);
  const at = all[9].enqueuedTimeUtc;
  const expected = all.find(one => one.enqueuedTimeUtc > at);
  const [first] = await read(hub, 1, { startPosition: { enqueuedOn: at } });
  assert.equal(first.sequenceNumber, expected.sequenceNumber);
});

test("A time before the first event is the beginning", async hub => {
  await fill(hub, 3);
  assert.deepEqual((await read(hub, 3, { startPosition: { enqueuedOn: new Date(0) } })).map(one => one.body), [0, 1, 2]);
});

test("From the earliest position all events come, and from the latest only new ones", async hub => {
  await fill(hub, 5);
  assert.deepEqual((await read(hub, 5)).map(one => one.body), range(5));
  await using(new Reader(hub, { startPosition: latestEventPosition }), async reader => {
    const came = reader.came(1);
    await using(producer(hub), async client => {
      do await client.sendBatch([{ body: "new" }], { partitionId: "0" });
      while (reader.events.length === 0 && !(await Promise.race([came, client.getPartitionIds().then(() => false)])));
    });
    assert.equal((await came)[0].body, "new");
  });
});

test("After the last event nothing comes until there is a new one", async hub => {
  const last = (await fill(hub, 3))[2];
  for (const [startPosition, expected] of [[{ sequenceNumber: 2 }, 3], [{ offset: last.offset }, 3]]) {
    await using(new Reader(hub, { startPosition }), async reader => {
      await send(hub, [{ body: "new" }], { partitionId: "0" });
      assert.equal((await reader.came(1))[0].sequenceNumber, expected);
    });
  }
});

test("A sequence number past the end is the service's error", async hub => {
  await fill(hub, 3);
  await refused(read(hub, 1, { startPosition: { sequenceNumber: 71181 } }), "ArgumentError",
    /The supplied sequence number '71181' is invalid. The last sequence number in the system is '2'/);
});

test("An offset past the end is the service's error", async hub => {
  const all = await fill(hub, 3);
  await refused(read(hub, 1, { startPosition: { offset: "154448" } }), "ArgumentError",
    new RegExp(`The supplied offset '154448' is invalid. The last offset in the system is '${all[2].offset}'`));
});

// ---- reading

test("All partitions of a hub are read by one subscription", async hub => {
  for (const partitionId of partitions) await send(hub, [{ body: partitionId }], { partitionId });
  const client = consumer(hub);
  const seen = new Map();
  await new Promise((resolve, reject) => client.subscribe({
    processEvents: async (events, context) => {
      for (const one of events) seen.set(context.partitionId, one.body);
      if (seen.size === partitions.length) resolve();
    },
    processError: async error => reject(error),
  }, { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1 }));
  await client.close();
  assert.deepEqual([...seen].sort(), partitions.map(id => [id, id]));
});

test("Consumer groups read independently", async hub => {
  await fill(hub, 3);
  for (const group of ["$Default", "$default", "audit"]) assert.equal((await read(hub, 3, { group })).length, 3);
});

test("A reader that asks hears where its partition ends", async hub => {
  await fill(hub, 4);
  await using(new Reader(hub, { trackLastEnqueuedEventProperties: true, maxBatchSize: 1 }), async reader => {
    const events = await reader.came(4);
    const told = reader.context.lastEnqueuedEventProperties;
    assert.equal(told.sequenceNumber, 3);
    assert.equal(told.offset, events[3].offset);
    assert.equal(told.enqueuedOn.getTime(), events[3].enqueuedTimeUtc.getTime());
    assert.ok(told.retrievedOn instanceof Date);
  });
});

test("Five thousand events of a kilobyte come in order", async hub => {
  await using(producer(hub), async client => {
    let sent = 0;
    while (sent < 5000) {
      const batch = await client.createBatch({ partitionId: "0" });
      while (sent < 5000 && batch.tryAdd({ body: Buffer.alloc(1024, sent % 256) })) sent++;
      await client.sendBatch(batch);
    }
  });
  const events = await read(hub, 5000, { maxBatchSize: 500, skipParsingBodyAsJson: true });
  assert.deepEqual(events.map(one => one.sequenceNumber), range(5000));
  assert.ok(events.every((one, i) => one.body.length === 1024 && one.body[0] === i % 256));
});

// ---- who may read

test("A higher owner level takes the partition, and so does the same", async hub => {
  await fill(hub, 1);
  for (const [before, after] of [[1, 2], [5, 5]]) {
    await using(new Reader(hub, { ownerLevel: before, group: `g${before}` }), async old => {
      await old.came(1);
      await using(new Reader(hub, { ownerLevel: after, group: `g${before}` }), async owner => {
        await owner.came(1);
        isError(await old.failed, "ReceiverDisconnectedError", new RegExp(`with higher epoch of '${after}' is created hence current receiver`));
        assert.equal(await old.closed, "OwnershipLost");
      });
    });
  }
});

test("A lower owner level is refused, and so is none, until the owner leaves", async hub => {
  await fill(hub, 1);
  const owner = new Reader(hub, { ownerLevel: 7 });
  await owner.came(1);
  for (const [ownerLevel, text] of [[6, /a receiver with a higher epoch exists/], [undefined, /created with epoch of '7', and so non-epoch receiver is not allowed/]]) {
    await using(new Reader(hub, { ownerLevel }), async reader => isError(await reader.failed, "ReceiverDisconnectedError", text));
  }
  await send(hub, [{ body: "still mine" }], { partitionId: "0" });
  assert.equal((await owner.came(2))[1].body, "still mine");
  await owner.close();
  assert.equal((await read(hub, 2, { ownerLevel: 0 })).length, 2);
  assert.equal((await read(hub, 2)).length, 2);
});

test("Five read beside each other without owner level, and a sixth does not", async hub => {
  await fill(hub, 1);
  const five = range(5).map(() => new Reader(hub));
  await Promise.all(five.map(reader => reader.came(1)));
  await using(new Reader(hub), async sixth => isError(await sixth.failed, "QuotaExceededError", /per partition in a consumer group which is 5/));
  await five[2].close();
  assert.equal((await read(hub, 1)).length, 1);
  await Promise.all(five.map(reader => reader.close()));
});

test("A subscription goes on where it was after the reader before it closed", async hub => {
  await fill(hub, 6);
  const [first] = await read(hub, 1, { ownerLevel: 1, maxBatchSize: 1 });
  const [next] = await read(hub, 1, { ownerLevel: 1, startPosition: { sequenceNumber: first.sequenceNumber } });
  assert.equal(next.sequenceNumber, 1);
});

// ---- what is there, and what is not

test("A hub says what it is", async hub => {
  const told = await using(producer(hub), client => client.getEventHubProperties());
  assert.equal(told.name, hub);
  assert.deepEqual(told.partitionIds, partitions);
  assert.ok(told.createdOn instanceof Date && told.createdOn.getTime() > Date.now() - 3_600_000);
  assert.deepEqual(await using(consumer(hub), client => client.getPartitionIds()), partitions);
});

test("A partition says where it begins and ends", async hub => {
  const empty = await describe(hub, "1");
  assert.deepEqual([empty.isEmpty, empty.lastEnqueuedSequenceNumber, empty.lastEnqueuedOffset], [true, -1, "-1"]);
  const events = await fill(hub, 4);
  const told = await using(consumer(hub), client => client.getPartitionProperties("0"));
  assert.deepEqual(
    [told.eventHubName, told.partitionId, told.isEmpty, told.beginningSequenceNumber, told.lastEnqueuedSequenceNumber, told.lastEnqueuedOffset],
    [hub, "0", false, 0, 3, events[3].offset]);
  assert.equal(told.lastEnqueuedOnUtc.getTime(), events[3].enqueuedTimeUtc.getTime());
});

test("An unknown hub is not found, whatever is asked of it", async () => {
  await using(producer("nowhere"), async client => {
    await refused(client.getPartitionIds(), "MessagingEntityNotFoundError", /The messaging entity .* could not be found/);
    await refused(client.sendBatch([{ body: 1 }]), "MessagingEntityNotFoundError", /The messaging entity .* could not be found/);
  });
  await refused(read("nowhere", 1), "MessagingEntityNotFoundError", /The messaging entity .* could not be found/);
});

test("An unknown partition is out of range, whatever is asked of it", async hub => {
  await using(producer(hub), async client => {
    for (const id of ["4", "99", "nonsense"]) {
      await refused(client.getPartitionProperties(id), "ArgumentOutOfRangeError", /partition/);
      await refused(client.sendBatch([{ body: 1 }], { partitionId: id }), "ArgumentOutOfRangeError", /partition/);
    }
  });
  await refused(read(hub, 1, { partition: "99" }), "ArgumentOutOfRangeError", /partition/);
});

test("A consumer group that was not declared is not found where groups were declared", async hub => {
  await refused(read(hub, 1, { group: "unknown" }), "MessagingEntityNotFoundError", /The messaging entity .* could not be found/);
});

test("A wrong key does not get in", async hub => {
  const wrong = connectionString.replace(/SharedAccessKey=[^;]+/, "SharedAccessKey=WRONG");
  await using(producer(hub, wrong), async client => {
    await refused(client.getPartitionIds(), "UnauthorizedError", /InvalidSignature/);
    await refused(client.sendBatch([{ body: 1 }]), "UnauthorizedError", /InvalidSignature/);
  });
  const unknown = connectionString.replace(/SharedAccessKeyName=[^;]+/, "SharedAccessKeyName=Nobody");
  await using(producer(hub, unknown), client => refused(client.getPartitionIds(), "UnauthorizedError", /InvalidSignature/));
});

// ---- coming and going

test("Closing twice is closing once, opened or not, with a subscription or without", async hub => {
  for (const client of [producer(hub), consumer(hub)]) {
    await client.close();
    await client.close();
  }
  await using(producer(hub), async client => {
    await client.getPartitionIds();
    await client.close();
    await assert.rejects(client.sendBatch([{ body: 1 }]), /closed/);
  });
  await fill(hub, 1);
  const reader = new Reader(hub);
  await reader.came(1);
  await Promise.all([reader.close(), reader.close()]);
  await reader.close();
});

test("Two hundred connects in a row succeed", async hub => {
  for (const i of range(200)) {
    await using(producer(hub), async client => {
      await client.sendBatch([{ body: i }], { partitionId: "3" });
      assert.equal((await client.getPartitionProperties("3")).lastEnqueuedSequenceNumber, i);
    });
  }
});

test("A client that comes over TLS is served on the same port", async hub => {
  const secure = connectionString.replace("UseDevelopmentEmulator=true", "");
  const large = Buffer.alloc(900_000, 1);
  await using(producer(hub, secure), client => client.sendBatch([{ body: large }], { partitionId: "0" }));
  await using(new Reader(hub, { string: secure }), async reader => assert.ok(large.equals((await reader.came(1))[0].body)));
});

test("A token credential gets in over TLS, and an expired token does not", async hub => {
  const { host } = new URL(connectionString.match(/Endpoint=(sb:[^;]+)/)[1]);
  const token = seconds => {
    const claims = { aud: "https://eventhubs.azure.net", exp: Math.floor(Date.now() / 1000) + seconds };
    return `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.x`;
  };
  const client = seconds => new EventHubProducerClient("localhost", hub, {
    getToken: async () => ({ token: token(seconds), expiresOnTimestamp: Date.now() + 3_600_000 }),
  }, { retryOptions, customEndpointAddress: `sb://${host}` });
  assert.deepEqual(await using(client(3600), one => one.getPartitionIds()), partitions);
  await using(client(-60), one => refused(one.getPartitionIds(), "UnauthorizedError", /ExpiredToken/));
});

// ---- what goes wrong on purpose

async function ask(method, path, body) {
  const answer = await fetch(control + path, { method, body: body && JSON.stringify(body), headers: { "content-type": "application/json" } });
  const told = await answer.json();
  assert.ok(answer.ok, JSON.stringify(told));
  return told;
}

const faulty = fault => ask("POST", "/faults", fault);

test("A throttled send is server-busy, and a client that retries gets it through once", async hub => {
  await faulty({ kind: "throttle", at: "send", hub, times: 3 });
  await using(producer(hub), client => refused(client.sendBatch([{ body: 1 }], { partitionId: "0" }), "ServerBusyError", /Error code : 50002/));
  await using(producer(hub, connectionString, patient), client => client.sendBatch([{ body: 2 }], { partitionId: "0" }));
  assert.deepEqual((await fill(hub, 1)).map(one => one.body), [2]);
});

test("A throttled hub refuses links and questions, on the partition that is meant", async hub => {
  await faulty({ kind: "throttle", hub, partition: 1 });
  await refused(read(hub, 1, { partition: "1" }), "ServerBusyError", /50002/);
  await refused(describe(hub, "1"), "ServerBusyError", /50002/);
  await refused(send(hub, [{ body: 1 }], { partitionId: "1" }), "ServerBusyError", /50002/);
  assert.equal((await fill(hub, 2)).length, 2);
});

test("A position before what is kept is refused with the service's text", async hub => {
  const description = "The supplied sequence number '5' is invalid. The first sequence number in the system is '9'";
  await faulty({ kind: "refuse", at: "attach", hub, condition: "com.microsoft:argument-error", description });
  await refused(read(hub, 1, { startPosition: { sequenceNumber: 5 } }), "ArgumentError", /The first sequence number in the system is '9'/);
});

test("A producer whose link is detached sends again, and nothing is there twice", async hub => {
  await using(producer(hub, connectionString, hasty), async client => {
    await client.sendBatch([{ body: 0 }], { partitionId: "0" });
    await faulty({ kind: "detach", at: "send", hub, times: 1 });
    await client.sendBatch([{ body: 1 }], { partitionId: "0" });
    await faulty({ kind: "detach", at: "now", hub });
    await client.sendBatch([{ body: 2 }], { partitionId: "0" });
  });
  assert.deepEqual((await read(hub, 3)).map(one => one.body), range(3));
});

test("A reader whose link is detached goes on after what it had", async hub => {
  await fill(hub, 3);
  await using(new Reader(hub, { retry: patient }), async reader => {
    await reader.came(3);
    await faulty({ kind: "detach", at: "now", hub, partition: 0 });
    await faulty({ kind: "detach", at: "receive", hub, times: 2 });
    await using(producer(hub), client => client.sendBatch([{ body: 3 }, { body: 4 }], { partitionId: "0" }));
    assert.deepEqual((await reader.came(5)).map(one => one.sequenceNumber), range(5));
  });
});

test("A stolen link is a lost partition", async hub => {
  await fill(hub, 1);
  await using(new Reader(hub), async reader => {
    await reader.came(1);
    await faulty({ kind: "detach", at: "now", hub, condition: "amqp:link:stolen", description: "New receiver with higher epoch" });
    isError(await reader.failed, "ReceiverDisconnectedError", /higher epoch/);
    assert.equal(await reader.closed, "OwnershipLost");
  });
});

test("A connection that the service closes, or that breaks, is made again", async hub => {
  await fill(hub, 1);
  for (const kind of ["close", "drop"]) {
    await using(new Reader(hub, { retry: patient }), async reader => {
      await reader.came(1);
      await faulty({ kind, at: "now", hub });
      await send(hub, [{ body: kind }], { partitionId: "0" });
      const expected = kind === "close" ? 2 : 3;
      assert.deepEqual((await reader.came(expected)).map(one => one.sequenceNumber), range(expected));
    });
  }
});

test("A connection that breaks before the answer leaves the event there twice", async hub => {
  await faulty({ kind: "drop", at: "send", hub, times: 1 });
  await using(producer(hub, connectionString, hasty), client => client.sendBatch([{ body: "once" }], { partitionId: "0" }));
  assert.deepEqual((await read(hub, 2)).map(one => one.body), ["once", "once"]);
});

test("A delay makes sends and events wait, until it is removed", async hub => {
  const { id } = await faulty({ kind: "delay", hub, duration: "00:00:00.300" });
  let began = performance.now();
  await send(hub, [{ body: 1 }], { partitionId: "0" });
  assert.ok(performance.now() - began >= 295);
  began = performance.now();
  await read(hub, 1);
  assert.ok(performance.now() - began >= 295);
  const listed = (await ask("GET", "/faults")).find(one => one.id === id);
  assert.deepEqual([listed.struck, listed.fault.kind, listed.fault.hub], [2, "delay", hub]);
  await ask("DELETE", `/faults/${id}`);
  assert.ok(!(await ask("GET", "/faults")).some(one => one.id === id));
});

// ---- running them

async function run({ name, run }, hub) {
  const began = Date.now();
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`nothing happened for ${patience} ms`)), patience)));
  let error;
  try {
    await Promise.race([run(hub), late]);
  } catch (thrown) {
    error = String(thrown?.stack ?? thrown);
  } finally {
    clearTimeout(timer);
  }
  process.stdout.write(JSON.stringify({ name, ok: error === undefined, error, milliseconds: Date.now() - began }) + "\n");
}

process.on("unhandledRejection", error => process.stderr.write(`unhandled: ${error?.stack ?? error}\n`));
const queue = sentences.map((sentence, i) => [sentence, hubs[i]]);
await Promise.all(range(atOnce).map(async () => {
  for (let next; (next = queue.shift()); ) await run(...next);
}));
process.exit(0);
