"""The calls of a REST proxy's client, with Python's standard library alone: migration.py <url> <topic>. Prints what came back."""
import base64
import http.client
import json
import sys
import urllib.request
from urllib.parse import urlsplit

url, topic = sys.argv[1:]
V2 = "application/vnd.kafka.v2+json"
V2_JSON = "application/vnd.kafka.json.v2+json"
V2_BINARY = "application/vnd.kafka.binary.v2+json"


def call(method, path, body=None, content_type="application/json", accept="*/*"):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data=data, method=method, headers={"Content-Type": content_type, "Accept": accept})
    with urllib.request.urlopen(request, timeout=40) as response:
        text = response.read()
        return json.loads(text) if text else None


# v2: produce and look around.
as_json = call("POST", f"/topics/{topic}", {"records": [{"key": "a", "value": {"total": 12.5}}]}, V2_JSON)
as_bytes = call("POST", f"/topics/{topic}/partitions/0", {"records": [{"value": base64.b64encode(b"\xff\x00").decode()}]}, V2_BINARY)
partitions = call("GET", f"/topics/{topic}/partitions", accept=V2)

# v3: one record, and a batch.
cluster = call("GET", "/v3/clusters")["data"][0]["cluster_id"]
records = f"/v3/clusters/{cluster}/topics/{topic}/records"
one = call("POST", records, {"value": {"type": "STRING", "data": "one"}})
batch = call("POST", f"{records}:batch", {"entries": [{"id": "1", "value": {"type": "JSON", "data": {"n": 1}}}]})

# v3: a stream. Each report is read before the next record is sent, over one request.
address = urlsplit(url)
connection = http.client.HTTPConnection(address.hostname, address.port, timeout=40)
connection.putrequest("POST", records)
connection.putheader("Content-Type", "application/json")
connection.putheader("Transfer-Encoding", "chunked")
connection.endheaders()
response = connection.getresponse()
streamed = []
for number in range(3):
    record = json.dumps({"value": {"type": "JSON", "data": {"n": number}}}).encode()
    connection.send(b"%x\r\n%s\r\n" % (len(record), record))
    streamed.append(json.loads(response.readline())["error_code"])
connection.send(b"0\r\n\r\n")
assert response.read() == b""
connection.close()

# New here: records as they come, from the beginning to the last one that this client has written.
events = urllib.request.urlopen(
    urllib.request.Request(f"{url}/topics/{topic}/records?limit=7", headers={"Accept": "text/event-stream"}), timeout=40
)
values = [json.loads(line[6:])["value"] for line in events.read().decode().splitlines() if line.startswith("data: ")]

print(
    json.dumps(
        {
            "v2_json": [offset["error_code"] for offset in as_json["offsets"]],
            "v2_binary": [offset["partition"] for offset in as_bytes["offsets"]],
            "partitions": len(partitions),
            "one": one["error_code"],
            "batch": [len(batch["successes"]), len(batch["failures"])],
            "streamed": streamed,
            "events": values,
        }
    )
)
