/** What `kafka-relay consume` prints of records with schemas: their JSON, where a registry is configured; the bytes of what cannot be decoded, and why. */
import { parseConfig } from "../../../lib/config.js";
import { type RelayError, toRelayError } from "../../../lib/errors.js";
import type { KafkaRecord } from "../../../lib/kafka/records.js";
import type { DecodedValue, Deserializer } from "../../../lib/schemas/deserializer.js";
import { canDecode } from "../../../lib/schemas/on-demand.js";
import { openSchemas } from "../../../lib/schemas/schemas.js";
import type { CliContext } from "../cli.js";
import type { RegistryOption } from "../schemas/registry-context.js";

export interface ConsumeSchemaOptions extends RegistryOption {
  /** False: `--no-decode`. */
  readonly decode?: boolean;
  readonly logical?: boolean;
}

/** A record as it is filtered and printed: with JSON in place of what was decoded. */
export interface DecodedLine {
  readonly record: KafkaRecord;
  readonly keySchema?: DecodedValue["schema"];
  readonly valueSchema?: DecodedValue["schema"];
}

interface RecordDecoder {
  readonly decode: (record: KafkaRecord) => DecodedLine | Promise<DecodedLine>;
  readonly close: () => void;
}

/** Failures that are printed; further ones are printed as bytes without a word. */
const failuresToldMax = 20;

export function createRecordDecoder(
  context: CliContext,
  { registry, decode = true, logical = false }: ConsumeSchemaOptions,
): RecordDecoder {
  const config = parseConfig({ ...context.world.env, ...(registry === undefined ? {} : { SCHEMA_REGISTRY_URL: registry }) });
  if (!decode || !canDecode(config)) return { decode: (record) => ({ record }), close: () => {} };
  const { deserializer, close } = openSchemas(config);
  let failures = 0;
  const tell = ({ partition, offset }: KafkaRecord, part: string, error: RelayError): void => {
    // Not the record's fault: nothing that follows could be decoded either.
    if (error.failure.blame !== "record") throw error;
    if (failures++ < failuresToldMax) context.complain(withPlace(error, `partition ${partition}, offset ${offset}, ${part}`));
  };
  const part = async (record: KafkaRecord, name: "key" | "value"): Promise<DecodedValue | undefined> => {
    const bytes = record[name];
    if (bytes === null) return undefined;
    try {
      return await deserializer.decode(bytes, record.headers, name, context.deadline(), { logical });
    } catch (thrown) {
      tell(record, name, toRelayError(thrown));
      return undefined;
    }
  };
  return { decode: (record) => (mayNameSchema(record) ? decodeRecord(record, part) : { record }), close };
}

async function decodeRecord(
  record: KafkaRecord,
  part: (record: KafkaRecord, name: "key" | "value") => ReturnType<typeof Promise.resolve<Awaited<ReturnType<Deserializer["decode"]>>>>,
): Promise<DecodedLine> {
  const key = await part(record, "key");
  const value = await part(record, "value");
  if (key === undefined && value === undefined) return { record };
  return {
    record: {
      ...record,
      key: key === undefined ? record.key : Buffer.from(plainText(key.json)),
      value: value === undefined ? record.value : Buffer.from(value.json),
    },
    ...(key === undefined ? {} : { keySchema: key.schema }),
    ...(value === undefined ? {} : { valueSchema: value.schema }),
  };
}

/** A key that is a text is shown as that text, as other keys are. */
function plainText(json: string): string {
  return json.startsWith('"') ? String(JSON.parse(json)) : json;
}

function mayNameSchema({ key, value, headers }: KafkaRecord): boolean {
  const isFramed = (bytes: Buffer | null) => bytes !== null && (bytes[0] === 0 || bytes[0] === 3);
  return isFramed(value) || isFramed(key) || headers.some(({ name }) => name.endsWith("_schema_id"));
}

function withPlace(error: RelayError, place: string): RelayError {
  return Object.assign(Object.create(Object.getPrototypeOf(error)), error, { message: `${place}: ${error.message}` });
}
