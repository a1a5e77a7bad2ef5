/** Records of one request whose keys and values are JSON text, with every value turned into bytes before any of them is sent. */
import type { Deadline } from "../deadline.js";
import { RelayError } from "../errors.js";
import type { OutgoingRecord } from "../kafka/records.js";
import type { SchemaType } from "./registry/registry.js";
import type { OpenWriter, SchemaWriter } from "./serializer.js";

type Part = "key" | "value";

/** By text or by id; undefined: not given. */
export interface GivenSchemas {
  key?: string | number;
  value?: string | number;
  /** For which a request gives both. */
  contradiction?: Part;
}

export interface RecordSchemas extends Readonly<GivenSchemas> {
  readonly topic: string;
  readonly type: SchemaType;
}

export interface SchemaIds {
  readonly key: number | null;
  readonly value: number | null;
}

export interface SerializedRecords {
  readonly records: readonly OutgoingRecord[];
  readonly ids: SchemaIds;
}

/** Subjects are `<topic>-key` and `<topic>-value`. Null stays Kafka's null. One value that does not fit refuses all, and the message names its place. */
export async function serializeRecords(
  records: readonly OutgoingRecord[],
  { topic, type, ...schemas }: RecordSchemas,
  open: OpenWriter,
  deadline: Deadline,
): Promise<SerializedRecords> {
  assertSchemas(records, schemas);
  const writer = async (part: Part) => {
    const schema = schemas[part];
    if (schema === undefined) return undefined;
    const by = typeof schema === "number" ? ({ is: "id", id: schema } as const) : ({ is: "text", type, text: schema } as const);
    return ofType(type, await open({ by }, { topic, part }, deadline));
  };
  const key = await writer("key");
  const value = await writer("value");
  return {
    records: records.map((record, index) => ({
      ...record,
      key: toBytes(record.key, key, index, "key"),
      value: toBytes(record.value, value, index, "value"),
    })),
    ids: { key: key?.id ?? null, value: value?.id ?? null },
  };
}

/** Throws `schema-missing` (42201 for keys, 42202 for values) and `bad-request` before any registry is asked. */
function assertSchemas(records: readonly OutgoingRecord[], { key: keySchema, value: valueSchema, contradiction }: GivenSchemas): void {
  if (contradiction !== undefined)
    throw new RelayError("bad-request", `Only one of "${contradiction}_schema" and "${contradiction}_schema_id" can be used.`);
  if (keySchema === undefined && records.some(({ key }) => key !== null))
    throw new RelayError("schema-missing", "Request includes keys but does not include key schema.");
  if (valueSchema === undefined && records.some(({ value }) => value !== null))
    throw new RelayError("schema-missing", "Request includes values but does not include value schema.", { restCode: 42202 });
}

function ofType(type: SchemaType, writer: SchemaWriter): SchemaWriter {
  if (writer.type === type) return writer;
  throw new RelayError(
    "schema-refused",
    `Error serializing message. The schema with the id ${writer.id} is of the type ${writer.type}, and the request is of the type ${type}.`,
  );
}

function toBytes(json: Buffer | null, writer: SchemaWriter | undefined, index: number, part: Part): Buffer | null {
  if (json === null || writer === undefined) return null;
  try {
    return writer.write(json.toString("utf8"));
  } catch (thrown) {
    if (!(thrown instanceof RelayError) || thrown.code !== "record-undecodable") throw thrown;
    throw new RelayError("record-undecodable", `records[${index}].${part}: ${thrown.message}`, { cause: thrown });
  }
}
