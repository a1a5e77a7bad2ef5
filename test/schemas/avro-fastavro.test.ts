/** Our Avro codec against Python's fastavro over generated schemas and values, with numbers of all 64 bits. */
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { toJsonText } from "../../lib/json/write.js";
import { avroSchema, createAvroCodec } from "../../lib/schemas/avro/codec.js";
import { avroCase } from "../support/schemas/avro-schemas.js";
import { askPython } from "../support/schemas/python-program.js";

const casesCount = 2_000;
const fastavro = { name: "fastavro", version: "1.13.1" };

test(`bytes and values are those of fastavro, over ${casesCount} generated schemas`, async () => {
  const lines = fc.sample(avroCase({ wideLongs: true }), { numRuns: casesCount, seed: 20261128 }).map(({ schema, values }) => {
    const codec = createAvroCodec(avroSchema(JSON.stringify(schema)));
    const checked = values.map((value) => {
      const json = toJsonText(value) ?? "";
      const bytes = codec.encode(json);
      return { json, hex: bytes.toString("hex"), decoded: codec.decode(bytes) };
    });
    return JSON.stringify({ schema, values: checked });
  });

  const valuesCount = lines.reduce((sum, line) => sum + (JSON.parse(line) as { values: unknown[] }).values.length, 0);
  expect(valuesCount).toBeGreaterThan(casesCount);

  const answer = await askPython(
    fastavro,
    join(import.meta.dirname, "avro-fastavro.py"),
    lines,
    `Avro against fastavro (${casesCount} schemas)`,
  );

  if (answer !== undefined) expect(answer).toEqual({ values: valuesCount });
});
