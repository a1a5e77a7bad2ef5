/** Our Protobuf codec against Google's, in Python, over generated schemas and values. */
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createProtobufCodec } from "../../lib/schemas/protobuf/codec.js";
import { protobufCase } from "../support/schemas/protobuf-schemas.js";
import { askPython } from "../support/schemas/python-program.js";

const casesCount = 300;
/** Brings protoc, and protobuf itself. */
const grpcTools = { name: "grpcio-tools", version: "1.85.1" };

test(`bytes and JSON are those of Google's protobuf, over ${casesCount} generated schemas`, async () => {
  let valuesCount = 0;
  const lines = fc.sample(protobufCase, { numRuns: casesCount, seed: 20261128 }).map(({ schema, values }) => {
    const codec = createProtobufCodec(schema);
    const checked = values.map((json) => {
      const bytes = codec.encode(json, [0]);
      valuesCount++;
      return { json, hex: bytes.toString("hex"), decoded: codec.decode(bytes, [0]) };
    });
    return JSON.stringify({ schema, values: checked });
  });

  const answer = await askPython(
    grpcTools,
    join(import.meta.dirname, "protobuf-python.py"),
    lines,
    `Protobuf against Python (${casesCount} schemas)`,
  );

  if (answer !== undefined) expect(answer).toEqual({ values: valuesCount });
});
