/** Keys and values as a producer with schemas writes them: registered at the run's registry, with Confluent's prefix. */
import { parseConfig } from "../../../lib/config.js";
import { createDeadline } from "../../../lib/deadline.js";
import type { SchemaType } from "../../../lib/schemas/registry/registry.js";
import { openSchemas } from "../../../lib/schemas/schemas.js";
import { uniqueName } from "../broker/unique-names.js";

/** JSON values to framed bytes; each schema gets subjects of its own. */
export async function framed(url: string, type: SchemaType, schema: string, values: readonly string[]): Promise<readonly Buffer[]> {
  const { serializer, close } = openSchemas(parseConfig({ SCHEMA_REGISTRY_URL: url }));
  try {
    const records = values.map((value) => ({ key: null, value: Buffer.from(value), headers: [] }));
    const written = await serializer.serialize(records, { topic: uniqueName("framed"), type, value: schema }, createDeadline(20_000));
    return written.records.map(({ value }) => value ?? Buffer.alloc(0));
  } finally {
    close();
  }
}
