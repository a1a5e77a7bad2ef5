/** Values that are read by a later schema than they were written by: what avsc makes of them, over generated schemas. */
import avsc from "avsc";
import fc from "fast-check";
import { expect, test } from "vitest";
import { avroSchema, createAvroCodec } from "../../../lib/schemas/avro/codec.js";
import { evolutionCase } from "../../support/schemas/avro-evolution.js";

const casesCount = 2_000;

test(`a reader's schema gives the values that avsc gives, over ${casesCount} generated pairs of schemas`, () => {
  let values = 0;
  let changed = 0;
  fc.assert(
    fc.property(evolutionCase, (given) => {
      const theirWriter = avsc.Type.forSchema(given.writer as avsc.Schema, { wrapUnions: true });
      const theirReader = avsc.Type.forSchema(given.reader as avsc.Schema, { wrapUnions: true });
      const resolver = theirReader.createResolver(theirWriter);
      const writer = avroSchema(JSON.stringify(given.writer));
      const ours = createAvroCodec(writer, { readerSchema: avroSchema(JSON.stringify(given.reader)) });
      changed += JSON.stringify(given.writer) === JSON.stringify(given.reader) ? 0 : 1;
      for (const value of given.values) {
        const bytes = createAvroCodec(writer).encode(JSON.stringify(value));

        const decoded = ours.decode(bytes);

        const theirs = theirReader.toBuffer(theirReader.fromBuffer(bytes, resolver));
        expect(theirReader.toBuffer(theirReader.fromString(decoded)).toString("hex")).toBe(theirs.toString("hex"));
        values++;
      }
    }),
    { numRuns: casesCount, seed: 20261128 },
  );
  expect(values).toBeGreaterThan(casesCount);
  expect(changed).toBeGreaterThan(casesCount / 2);
});
