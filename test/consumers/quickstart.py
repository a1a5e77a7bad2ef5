"""The consumer part of a REST proxy's quickstart, with Python's standard library alone: quickstart.py <url> <topic>."""
import json
import sys
import time
import urllib.error
import urllib.request

url, topic = sys.argv[1:]
V2 = "application/vnd.kafka.v2+json"


def call(method, address, body=None, accept=V2):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data=data, method=method, headers={"Content-Type": V2, "Accept": accept})
    try:
        with urllib.request.urlopen(request, timeout=40) as response:
            text = response.read()
            return response.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


group = f"quickstart-{time.time_ns()}"
status, created = call("POST", f"{url}/consumers/{group}", {"name": "my_consumer", "format": "json", "auto.offset.reset": "earliest"})
assert status == 200, created
base = created["base_uri"]
status, answer = call("POST", f"{base}/subscription", {"topics": [topic]})
assert status == 204, answer

values = []
deadline = time.time() + 30
while len(values) < 3 and time.time() < deadline:
    status, records = call("GET", f"{base}/records?timeout=3000&max_bytes=300000", accept="application/vnd.kafka.json.v2+json")
    assert status == 200, records
    values += [record["value"] for record in records]

status, answer = call("POST", f"{base}/offsets")
assert status == 200, answer
# The contract sends a body with this GET.
status, answer = call("GET", f"{base}/offsets", {"partitions": [{"topic": topic, "partition": 0}]})
assert status == 200, answer
deleted, _ = call("DELETE", base)
_, after = call("GET", f"{base}/records", accept="application/vnd.kafka.json.v2+json")
print(json.dumps({"values": values, "committed": answer["offsets"][0]["offset"], "deleted": deleted, "after": after["error_code"]}))
