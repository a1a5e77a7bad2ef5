# Encodes Avro-JSON with fastavro, one case a line: {"schema", "values": [{"json", "hex", "decoded"}]}; prints the first difference or the count of values.
# The text that was given and the text that was decoded from the bytes must both become those bytes.
import io
import json
import sys

import fastavro


def names_of(schema, names, namespace=""):
    if isinstance(schema, list):
        for branch in schema:
            names_of(branch, names, namespace)
    elif isinstance(schema, dict):
        inside = schema.get("namespace", namespace)
        if "name" in schema:
            names[full(schema["name"], inside)] = (schema, inside)
        for field in schema.get("fields", []):
            names_of(field["type"], names, inside)
        for member in ("items", "values"):
            if member in schema:
                names_of(schema[member], names, inside)
    return names


def full(name, namespace):
    return f"{namespace}.{name}" if namespace else name


def tag_of(schema, namespace):
    if isinstance(schema, dict):
        return full(schema["name"], schema.get("namespace", namespace)) if "name" in schema else schema["type"]
    return schema


# Avro-JSON as fastavro has values: bytes, and (tag, value) for a union.
def to_value(schema, given, names, namespace=""):
    if isinstance(schema, list):
        if given is None:
            return None
        [(tag, inner)] = given.items()
        for branch in schema:
            if tag in (tag_of(branch, namespace), full(tag_of(branch, ""), namespace)):
                return (tag, to_value(branch, inner, names, namespace))
        raise ValueError(f"no branch {tag}")
    if isinstance(schema, str) and full(schema, namespace) in names:
        schema, namespace = names[full(schema, namespace)]
    kind = schema["type"] if isinstance(schema, dict) else schema
    if kind == "record":
        inside = schema.get("namespace", namespace)
        assert set(given) == {field["name"] for field in schema["fields"]}, "other members"
        return {field["name"]: to_value(field["type"], given[field["name"]], names, inside) for field in schema["fields"]}
    if kind == "array":
        return [to_value(schema["items"], item, names, namespace) for item in given]
    if kind == "map":
        return {key: to_value(schema["values"], value, names, namespace) for key, value in given.items()}
    if kind in ("bytes", "fixed"):
        return given.encode("latin-1")
    return given


def encode(schema, value):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, value, strict=True)
    return out.getvalue().hex()


def check(case):
    names = names_of(case["schema"], {})
    schema = fastavro.parse_schema(case["schema"])
    for value in case["values"]:
        for text in ("json", "decoded"):
            theirs = encode(schema, to_value(case["schema"], json.loads(value[text]), names))
            if theirs != value["hex"]:
                return f"{text}: fastavro {theirs}, ours {value['hex']}"
        fastavro.schemaless_reader(io.BytesIO(bytes.fromhex(value["hex"])), schema)
    return None


count = 0
for line in sys.stdin:
    case = json.loads(line)
    try:
        difference = check(case)
    except Exception as error:  # a case that fastavro refuses is a difference too
        difference = f"{type(error).__name__}: {error}"
    if difference is not None:
        print(json.dumps({"difference": difference, "schema": case["schema"], "values": case["values"]}))
        sys.exit(0)
    count += len(case["values"])
print(json.dumps({"values": count}))
