# Encodes and decodes ProtoJSON with Google's protobuf, one case a line: {"schema", "values": [{"json", "hex", "decoded"}]};
# prints the first difference or the count of values.
import json
import os
import sys
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_tools import protoc

include = os.path.join(os.path.dirname(protoc.__file__), "_proto")


def message_class(schema, folder):
    path = os.path.join(folder, "case.proto")
    out = os.path.join(folder, "case.bin")
    with open(path, "w", encoding="utf-8") as file:
        file.write(schema)
    if protoc.main(["protoc", f"-I{folder}", f"-I{include}", f"--descriptor_set_out={out}", "--include_imports", path]) != 0:
        raise ValueError("protoc refuses the schema")
    files = descriptor_pb2.FileDescriptorSet()
    with open(out, "rb") as file:
        files.ParseFromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("org.example.Main")), pool


# The members and texts; numbers are spelt differently, so their values are compared as bytes.
def without_numbers(value):
    if isinstance(value, dict):
        return {key: without_numbers(one) for key, one in value.items()}
    if isinstance(value, list):
        return [without_numbers(one) for one in value]
    return 0 if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def check(case, folder):
    Main, pool = message_class(case["schema"], folder)
    for value in case["values"]:
        theirs = json_format.Parse(value["json"], Main(), descriptor_pool=pool)
        ours = Main.FromString(bytes.fromhex(value["hex"]))
        if ours.SerializeToString(deterministic=True) != theirs.SerializeToString(deterministic=True):
            return f"bytes: protobuf {theirs!r}, ours {ours!r}"
        if "map<" not in case["schema"] and "Struct" not in case["schema"] and "Value" not in case["schema"]:
            if theirs.SerializeToString().hex() != value["hex"]:
                return f"order of bytes: protobuf {theirs.SerializeToString().hex()}, ours {value['hex']}"
        text = json_format.MessageToJson(theirs, always_print_fields_with_no_presence=True, descriptor_pool=pool)
        again = json_format.Parse(value["decoded"], Main(), descriptor_pool=pool)
        is_same = again.SerializeToString(deterministic=True) == theirs.SerializeToString(deterministic=True)
        if not is_same or without_numbers(json.loads(text)) != without_numbers(json.loads(value["decoded"])):
            return f"json: protobuf {text}, ours {value['decoded']}"
    return None


count = 0
with tempfile.TemporaryDirectory() as folder:
    for line in sys.stdin:
        case = json.loads(line)
        try:
            difference = check(case, folder)
        except Exception as error:  # a case that protobuf refuses is a difference too
            difference = f"{type(error).__name__}: {error}"
        if difference is not None:
            print(json.dumps({"difference": difference, "schema": case["schema"], "values": case["values"]}))
            sys.exit(0)
        count += len(case["values"])
print(json.dumps({"values": count}))
