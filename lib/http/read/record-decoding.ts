/** Keys and values of one read, decoded by the schemas that their records name: what can be decoded is, and the rest says why not, that record alone. */
import type { Deadline } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import { isTooDeep } from "../../json/depth.js";
import { type RecordView, type SetPlace, toKafkaRecord } from "../../kafka/codec/record-view.js";
import type { KafkaRecord, RecordHeader } from "../../kafka/records.js";
import type { DecodedValue, Deserializer } from "../../schemas/deserializer.js";

export const schemaFormats = ["schema", "avro", "jsonschema", "protobuf"] as const;
/** `schema`: whichever the record names. */
export type DecodedFormat = (typeof schemaFormats)[number];

const formatOfType = { AVRO: "avro", JSON: "jsonschema", PROTOBUF: "protobuf" } as const satisfies Record<
  DecodedValue["schema"]["type"],
  DecodedFormat
>;

type PartOutcome =
  | { readonly is: "decoded"; readonly decoded: DecodedValue }
  /** Why not, as a sentence. */
  | { readonly is: "failed"; readonly reason: string };

/** Undefined: the part is null, or names no schema. */
export interface DecodedRecord {
  readonly key: PartOutcome | undefined;
  readonly value: PartOutcome | undefined;
}

export interface DecodingOptions {
  /** Loads the code and opens the registry when the first record names a schema. */
  readonly open: () => Promise<Deserializer>;
  readonly formats: { readonly key: string; readonly value: string };
  readonly logical: boolean;
  /** A filter sees every decoded part. A registry that cannot be asked then fails the read, which would pass over records otherwise. */
  readonly isFiltered: boolean;
}

type Part = "key" | "value";

/** A read waits for so many schemas that it does not know yet; then it ends, and its cursor goes on. */
export const schemaWaitsMax = 20;
const reasonCharactersMax = 300;
const confluentMagic = 0;
const glueMagic = 3;

export class RecordDecoding {
  readonly #options: DecodingOptions;
  readonly #deadline: Deadline;
  #deserializer: Deserializer | undefined;
  /** The record that was waited for. */
  #awaited: { readonly partition: number; readonly offset: number; readonly outcome: DecodedRecord } | undefined;
  #outage: string | undefined;

  constructor(options: DecodingOptions, deadline: Deadline) {
    this.#options = options;
    this.#deadline = deadline;
  }

  /** A promise: its schema has to be asked for; call again when it has settled. Rejects, or throws, where the read as a whole fails. */
  of(view: RecordView, place: SetPlace): DecodedRecord | Promise<void> {
    if (this.#awaited?.partition === place.partition && this.#awaited.offset === view.offset) return this.#awaited.outcome;
    const { key: keyBytes, value: valueBytes, headers } = toKafkaRecord(view, place);
    const key = this.#part("key", keyBytes, headers);
    const value = this.#part("value", valueBytes, headers);
    if (!(key instanceof Promise) && !(value instanceof Promise)) return { key, value };
    return Promise.all([key, value]).then(([keyOutcome, valueOutcome]) => {
      this.#awaited = { partition: place.partition, offset: view.offset, outcome: { key: keyOutcome, value: valueOutcome } };
    });
  }

  #part(part: Part, bytes: Buffer | null, headers: readonly RecordHeader[]): PartOutcome | undefined | Promise<PartOutcome | undefined> {
    const asked = this.#options.formats[part];
    const isExplicit = isSchemaFormat(asked);
    if (bytes === null || (asked !== "auto" && !isExplicit && !this.#options.isFiltered)) return undefined;
    if (!isExplicit && !mayNameSchema(part, bytes, headers)) return undefined;
    try {
      const decoded = this.#decode(part, bytes, headers);
      if (!(decoded instanceof Promise)) return outcomeOf(decoded, asked);
      if (this.#outage === undefined)
        return decoded.then(
          (one) => outcomeOf(one, asked),
          (thrown: unknown) => this.#failure(thrown, isExplicit),
        );
      decoded.catch(() => {});
      return { is: "failed", reason: this.#outage };
    } catch (thrown) {
      return this.#failure(thrown, isExplicit);
    }
  }

  #decode(
    part: Part,
    bytes: Buffer,
    headers: readonly RecordHeader[],
  ): ReturnType<Deserializer["decode"]> | Promise<DecodedValue | undefined> {
    const form = { logical: this.#options.logical };
    if (this.#deserializer !== undefined) return this.#deserializer.decode(bytes, headers, part, this.#deadline, form);
    return this.#options.open().then((opened) => {
      this.#deserializer = opened;
      return opened.decode(bytes, headers, part, this.#deadline, form);
    });
  }

  /** An outage is not the record's: who asks for decoded values gets them later, and nothing else in their place. */
  #failure(thrown: unknown, isExplicit: boolean): PartOutcome {
    const error = toRelayError(thrown);
    if (error.code === "internal" || error.code === "bad-configuration") throw error;
    const isOwn = error.failure.blame === "record" || error.failure.blame === "caller";
    if (!isOwn && (isExplicit || this.#options.isFiltered)) throw error;
    const reason = error.message.slice(0, reasonCharactersMax);
    if (!isOwn) this.#outage = reason;
    return { is: "failed", reason };
  }
}

/** What an answer shows: a part that was decoded for a filter alone is shown as it stands. */
export function shownOf({ key, value }: DecodedRecord, formats: DecodingOptions["formats"]): DecodedRecord {
  const isShown = (format: string) => format === "auto" || isSchemaFormat(format);
  return { key: isShown(formats.key) ? key : undefined, value: isShown(formats.value) ? value : undefined };
}

export function isSchemaFormat(format: string): format is DecodedFormat {
  return (schemaFormats as readonly string[]).includes(format);
}

/** Spares most values the whole look. */
function mayNameSchema(part: Part, bytes: Buffer, headers: readonly RecordHeader[]): boolean {
  if (bytes[0] === confluentMagic || bytes[0] === glueMagic) return true;
  const name = `__${part}_schema_id`;
  return headers.some((header) => header.name === name);
}

function outcomeOf(decoded: DecodedValue | undefined, asked: string): PartOutcome | undefined {
  const isExplicit = isSchemaFormat(asked);
  if (decoded === undefined)
    return isExplicit ? { is: "failed", reason: "It does not name a schema of a registry that is configured." } : undefined;
  const { type } = decoded.schema;
  if (isExplicit && asked !== "schema" && asked !== formatOfType[type])
    return { is: "failed", reason: `Its schema is of the type ${type}.` };
  if (isTooDeep(decoded.json)) return { is: "failed", reason: "Its JSON is nested too deep for an answer." };
  return { is: "decoded", decoded };
}

/** The record as a filter sees it: with the JSON of what was decoded in place of its bytes. */
export function withDecoded(record: KafkaRecord, { key, value }: DecodedRecord): KafkaRecord {
  if (key?.is !== "decoded" && value?.is !== "decoded") return record;
  return {
    ...record,
    key: key?.is === "decoded" ? Buffer.from(key.decoded.json) : record.key,
    value: value?.is === "decoded" ? Buffer.from(value.decoded.json) : record.value,
  };
}

/** The members of a decoded part: its JSON, its format, and the schema that was used. */
export function decodedText(part: Part, { json, schema }: DecodedValue): string {
  const { type, versionId, ...named } = schema;
  // Of most records, the id is all.
  const used =
    versionId === undefined && named.message === undefined && named.id !== undefined
      ? `{"id":${named.id}}`
      : JSON.stringify(versionId === undefined ? named : { glue_version_id: versionId, ...named });
  return `,"${part}":${json},"${part}_format":"${formatOfType[type]}","${part}_schema":${used}`;
}

/** After its base64. */
export function failedText(part: Part, reason: string): string {
  return `,"${part}_error":${JSON.stringify(reason)}`;
}

/** Throws `bad-request` where a format needs a registry and none is configured. */
export function assertDecodable(formats: DecodingOptions["formats"], isConfigured: boolean): void {
  const part = isConfigured ? undefined : (["key", "value"] as const).find((one) => isSchemaFormat(formats[one]));
  if (part === undefined) return;
  throw new RelayError(
    "bad-request",
    `${part}_format=${formats[part]} needs a schema registry, and none is configured (SCHEMA_REGISTRY_URL or GLUE_REGISTRY).`,
  );
}
