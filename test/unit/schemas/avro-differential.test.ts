/** Our Avro codec against avsc over generated schemas and values: the same bytes, and the same values from them. */
import avsc from "avsc";
import fc from "fast-check";
import { expect, test } from "vitest";
import { avroSchema, createAvroCodec } from "../../../lib/schemas/avro/codec.js";
import { avroCase } from "../../support/schemas/avro-schemas.js";

const casesCount = 2_000;

test(`bytes and values are those of avsc, over ${casesCount} generated schemas`, () => {
  let values = 0;
  fc.assert(
    fc.property(avroCase({ wideLongs: false }), (given) => {
      const theirs = avsc.Type.forSchema(given.schema as avsc.Schema, { wrapUnions: true });
      const ours = createAvroCodec(avroSchema(JSON.stringify(given.schema)));
      for (const value of given.values) {
        const json = JSON.stringify(value);

        const bytes = ours.encode(json);
        const decoded = ours.decode(bytes);

        const theirValue = theirs.fromString(json) as unknown;
        expect(bytes.toString("hex")).toBe(theirs.toBuffer(theirValue).toString("hex"));
        // Floats are written with fewer digits by us: their bytes are compared.
        expect(theirs.toBuffer(theirs.fromString(decoded)).toString("hex")).toBe(bytes.toString("hex"));
        expect(ours.encode(decoded).equals(bytes)).toBe(true);
        values++;
      }
    }),
    { numRuns: casesCount, seed: 20261128 },
  );
  expect(values).toBeGreaterThan(casesCount);
});
