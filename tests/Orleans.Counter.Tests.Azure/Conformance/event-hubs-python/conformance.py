"""What Microsoft's Python client, as Debian ships it, sees of an endpoint over TLS. One line of JSON for each sentence: name, ok, error.

python3 conformance.py <connection string> <certificate to trust> <hub>...     one hub of four partitions for each sentence
"""
import json
import re
import socket
import sys
import threading
import traceback

from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient
from azure.eventhub.exceptions import AuthenticationError, ConnectError, EventDataSendError, EventHubError

GIVEN, CERTIFICATE, *HUBS = sys.argv[1:]
PORT = int(re.search(r"//localhost:(\d+)", GIVEN)[1])
CONNECTION_STRING = GIVEN.replace(f":{PORT}", "").replace("UseDevelopmentEmulator=true", "").rstrip(";")
PATIENCE = 60
SENTENCES = []


# This client knows port 5671 only, which a test may not have: what it connects to there is the endpoint's port. Nothing else of it is changed.
connect = socket.socket.connect
socket.socket.connect = lambda self, to: connect(self, (to[0], PORT if to[1] == 5671 else to[1], *to[2:]))


def test(name, run):
    SENTENCES.append((name, run))


def options(hub):
    return {"eventhub_name": hub, "connection_verify": CERTIFICATE, "retry_total": 0}


def producer(hub, string=CONNECTION_STRING):
    return EventHubProducerClient.from_connection_string(string, **options(hub))


def consumer(hub, group="$Default"):
    return EventHubConsumerClient.from_connection_string(CONNECTION_STRING, consumer_group=group, **options(hub))


class Reader:
    """Reads a partition in a thread of its own until it has so many events or an error."""

    def __init__(self, hub, count, partition="0", start="-1", **more):
        self.events, self.contexts, self.error = [], [], None
        self._count, self._done = count, threading.Event()
        self.client = consumer(hub)
        receive = {"partition_id": partition, "starting_position": start, **more}
        self._thread = threading.Thread(
            target=self.client.receive, args=(self._came,), kwargs={"on_error": self._failed, **receive}, daemon=True)
        self._thread.start()

    def _came(self, context, event):
        self.events.append(event)
        self.contexts.append(context)
        if len(self.events) == self._count:
            self._done.set()

    def _failed(self, context, error):
        self.error = self.error or error
        self._done.set()

    def wait(self):
        assert self._done.wait(PATIENCE), f"{len(self.events)} of {self._count} events came"
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()


def read(hub, count, **more):
    with Reader(hub, count, **more) as reader:
        reader.wait()
        if reader.error:
            raise reader.error
        return reader.events


def fill(hub, count, partition="0"):
    with producer(hub) as client:
        for number in range(count):
            client.send_event(EventData(str(number)), partition_id=partition)


def fails(kind, text, act):
    try:
        act()
    except kind as error:
        assert text in str(error), f"{type(error).__name__}: {error}"
        return
    raise AssertionError(f"no {kind.__name__}")


def hub_says_what_it_is(hub):
    with producer(hub) as client:
        told = client.get_eventhub_properties()
        assert told["eventhub_name"] == hub and sorted(told["partition_ids"]) == ["0", "1", "2", "3"], told
        empty = client.get_partition_properties("1")
        assert empty["is_empty"] and empty["last_enqueued_sequence_number"] == -1, empty


test("A hub and its partitions say what they are", hub_says_what_it_is)


def batch_comes_back(hub):
    with producer(hub) as client:
        batch = client.create_batch(partition_id="2")
        assert batch.max_size_in_bytes == 1024 * 1024, batch.max_size_in_bytes
        for number in range(50):
            event = EventData(bytes([number]) * 1024)
            event.properties = {"number": number, "text": "кошка 猫 🐈"}
            event.message_id, event.content_type = f"m{number}", "application/octet-stream"
            batch.add(event)
        client.send_batch(batch)
    events = read(hub, 50, partition="2")
    assert [event.sequence_number for event in events] == list(range(50))
    assert all(b"".join(event.body) == bytes([number]) * 1024 for number, event in enumerate(events))
    assert events[7].message_id == "m7" and events[7].content_type == "application/octet-stream"
    assert {key.decode() if isinstance(key, bytes) else key for key in events[7].properties} == {"number", "text"}


test("A batch comes back from its partition in order, with all that it carries", batch_comes_back)


def key_stays(hub):
    for _ in range(2):
        with producer(hub) as client:
            batch = client.create_batch(partition_key="order-42")
            batch.add(EventData("a"))
            client.send_batch(batch)
    events = read(hub, 2, partition="3")  # of four, as the official clients say
    assert [event.partition_key for event in events] in (["order-42"] * 2, [b"order-42"] * 2), events


test("Events of a key land in the partition that the service's hash says", key_stays)


def begins(hub):
    fill(hub, 6)
    everything = read(hub, 6)
    assert read(hub, 1, start=everything[3].offset)[0].sequence_number == 4
    assert read(hub, 1, start=everything[3].offset, starting_position_inclusive=True)[0].sequence_number == 3
    assert read(hub, 1, start=3)[0].sequence_number == 4
    assert read(hub, 1, start=3, starting_position_inclusive=True)[0].sequence_number == 3


test("A reader begins after an offset or a sequence number, or with it", begins)


def metrics(hub):
    fill(hub, 3)
    with Reader(hub, 3, track_last_enqueued_event_properties=True) as reader:
        reader.wait()
        told = reader.contexts[-1].last_enqueued_event_properties
        assert told["sequence_number"] == 2, told


test("A reader that asks hears where its partition ends", metrics)


def owner(hub):
    fill(hub, 1)
    with Reader(hub, 1, owner_level=1) as old:
        old.wait()
        with Reader(hub, 1, owner_level=2) as new:
            new.wait()
            assert new.error is None, new.error
            with Reader(hub, 1, owner_level=1) as lower:
                lower.wait()
                assert "higher epoch" in str(lower.error), lower.error


test("A higher owner level takes the partition and a lower one is refused", owner)


def refusals(hub):
    fails((ConnectError, EventHubError), "404", lambda: fill("nowhere", 1))
    fails((ConnectError, EventHubError), "partition", lambda: fill(hub, 1, partition="99"))
    with producer(hub) as client:
        fails((ValueError, EventDataSendError), "", lambda: client.send_event(EventData(b"x" * 1_100_000)))


test("An unknown hub, an unknown partition and an oversize event are refused", refusals)


def wrong_key(hub):
    parts = [part if not part.startswith("SharedAccessKey=") else "SharedAccessKey=WRONG" for part in CONNECTION_STRING.split(";")]
    with producer(hub, ";".join(parts)) as client:
        fails((AuthenticationError, ConnectError), "", client.get_partition_ids)


test("A wrong key does not get in", wrong_key)


for (name, run), hub in zip(SENTENCES, HUBS):
    error = None
    try:
        run(hub)
    except BaseException:
        error = traceback.format_exc()
    print(json.dumps({"name": name, "ok": error is None, "error": error}), flush=True)
