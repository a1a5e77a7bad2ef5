/** A record as filters and transforms see it: decoded on first touch, each part once. Bytes that are not UTF-8 text become base64. */
import { type AttributeValue, type CloudEvent, isJsonType, utf8Text } from "../../cloudevents/event.js";
import { modeOf, readCloudEvent } from "../../cloudevents/kafka.js";
import { RelayError } from "../../errors.js";
import { toExactNumber } from "../../json/number-text.js";
import { parseJson, parsePlainJson } from "../../json/read.js";
import type { KafkaRecord } from "../../kafka/records.js";
import type { Message } from "../delivery.js";
import { textAt } from "./path.js";

export interface RouteDocument<Value = unknown> {
  /** Text; a JSON object or array is parsed; null where there is none. */
  readonly key: unknown;
  /** The body, a CloudEvent's data: JSON parsed, other text as a string, null for a tombstone. */
  readonly value: Value;
  /** Text by name; a list where a name repeats; null where the value is null. */
  readonly headers: Readonly<Record<string, string | null | readonly (string | null)[]>>;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number | bigint;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** The CloudEvent's attributes; undefined for a plain record. */
  readonly ce: Readonly<Record<string, AttributeValue>> | undefined;
  readonly record: KafkaRecord;
  /** What stands at "value.a.b", "key.a", "headers.name"..., as text: numbers with all their digits, objects as JSON. Undefined where nothing or null stands there. */
  readonly textAt: (path: string) => string | undefined;
}

/** What a filter can ask for. */
export const documentFields = [
  "key",
  "value",
  "headers",
  "topic",
  "partition",
  "offset",
  "timestamp",
  "ce",
] as const satisfies readonly (keyof RouteDocument)[];

/** JSON of the parts that were decoded by a schema, with every digit. */
export interface DecodedParts {
  readonly key?: string;
  readonly value?: string;
}

const unset = Symbol("not decoded yet");

export class RecordDocument implements RouteDocument {
  readonly record: KafkaRecord;
  readonly #decoded: DecodedParts;
  readonly #forwardsJson: boolean;
  #message: Message | undefined;
  #event: CloudEvent | undefined | typeof unset = unset;
  #value: unknown = unset;
  #headers: RouteDocument["headers"] | undefined;

  /** `forwardsJson`: what was decoded goes on as JSON where no transform changes it. */
  constructor(record: KafkaRecord, decoded: DecodedParts = {}, forwardsJson = false) {
    this.record = record;
    this.#decoded = decoded;
    this.#forwardsJson = forwardsJson;
  }

  /** The record as it goes on where no transform changes it; not made for one that is filtered. */
  get message(): Message {
    if (this.#message === undefined) {
      const { key, value, headers } = this.#forwardsJson ? this.#forwarded() : this.record;
      const message: Message = {
        key,
        value,
        headers,
        timestampMs: this.record.timestampMs,
        document: () => this.#documentOrNothing(parsePlainJson),
        exactDocument: () => this.#documentOrNothing(parseJson),
      };
      this.#message = this.#decoded.key === undefined ? message : { ...message, keyDocument: () => parseJson(this.#decoded.key ?? "") };
    }
    return this.#message;
  }

  get key(): unknown {
    return this.#decodeKey(parsePlainJson);
  }

  get value(): unknown {
    if (this.#value === unset) this.#value = this.#decode(parsePlainJson);
    return this.#value;
  }

  get headers(): RouteDocument["headers"] {
    this.#headers ??= toHeaderTexts(this.record);
    return this.#headers;
  }

  get topic(): string {
    return this.record.topic;
  }

  get partition(): number {
    return this.record.partition;
  }

  get offset(): number | bigint {
    const { offset } = this.record;
    return offset <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(offset) : offset;
  }

  get timestamp(): number {
    return this.record.timestampMs;
  }

  get ce(): RouteDocument["ce"] {
    return this.#cloudEvent?.attributes;
  }

  /** A plain object of these fields only, numbers exact: what a pattern is matched against. */
  toPatternEvent(fields: ReadonlySet<string>): Readonly<Record<string, unknown>> {
    const event: Record<string, unknown> = {};
    for (const field of fields) {
      const value = this.#exactField(field as keyof RouteDocument);
      if (value !== undefined) event[field] = value;
    }
    return event;
  }

  /** Everything as plain data, numbers exact, for JSONata. */
  toObject(): Readonly<Record<string, unknown>> {
    const { headers, topic, partition, offset, timestamp, ce } = this;
    const [key, value] = [this.#decodeKey(parseJson), this.#exactValue()];
    const exactOffset = typeof offset === "bigint" ? toExactNumber(String(offset)) : offset;
    return { key, value, headers, topic, partition, offset: exactOffset, timestamp, ...(ce === undefined ? {} : { ce }) };
  }

  /** Made on demand: few filters and transforms ask for it, and those that do may take it out of the document. */
  get textAt(): RouteDocument["textAt"] {
    return (path) => textAt({ message: this.message, source: this.record }, path);
  }

  #exactField(field: keyof RouteDocument): unknown {
    if (field === "value") return this.#exactValue();
    return field === "key" ? this.#decodeKey(parseJson) : this[field];
  }

  #forwarded(): Pick<Message, "key" | "value" | "headers"> {
    const { key, value, headers } = this.record;
    const decoded = this.#decoded;
    return {
      key: decoded.key === undefined ? key : Buffer.from(plainKey(decoded.key)),
      value: decoded.value === undefined ? value : Buffer.from(decoded.value),
      headers: headers.filter(({ name }) => !isSchemaHeader(name, decoded)),
    };
  }

  #decodeKey(parse: (text: string) => unknown): unknown {
    if (this.#decoded.key !== undefined) return parse(this.#decoded.key);
    const { key } = this.record;
    if (key === null) return null;
    const first = key[0];
    return first === 0x7b || first === 0x5b ? jsonOrText(key, parse) : toText(key);
  }

  get #cloudEvent(): CloudEvent | undefined {
    if (this.#event === unset) this.#event = modeOf(this.record) === "none" ? undefined : readCloudEvent(this.record);
    return this.#event;
  }

  /** The same as `value` where a double holds every number in it. */
  #exactValue(): unknown {
    const exact = this.#decode(parseJson);
    if (this.#value === unset) this.#value = this.#isPlain(exact) ? exact : unset;
    return exact;
  }

  #isPlain(exact: unknown): boolean {
    return exact === null || typeof exact !== "object" || !mayHoldNumberTexts(this.#decoded.value ?? this.#data()?.toString("latin1"));
  }

  #data(): Buffer | null {
    const event = this.#cloudEvent;
    return event === undefined ? this.record.value : event.data;
  }

  #decode(parse: (text: string) => unknown): unknown {
    if (this.#decoded.value !== undefined) return parse(this.#decoded.value);
    const data = this.#data();
    if (data === null) return null;
    const type = this.#cloudEvent?.attributes.datacontenttype;
    const text = utf8Text(data);
    if (text === undefined) return data.toString("base64");
    return isJsonType(type) ? parsedOr(text, text, parse) : text;
  }

  /** For targets that store documents: a body that is not JSON counts as missing. */
  #documentOrNothing(parse: (text: string) => unknown): unknown {
    if (this.#decoded.value !== undefined) return parse(this.#decoded.value);
    const data = this.#data();
    const text = data === null ? undefined : utf8Text(data);
    return text === undefined ? undefined : parsedOr(text, undefined, parse);
  }
}

function mayHoldNumberTexts(data: string | undefined): boolean {
  return data !== undefined && /[\d.]{16,}|\d[eE][+-]?\d{3}/.test(data);
}

/** A key that is a text is written as that text, as keys are everywhere else. */
function plainKey(json: string): string {
  return json.startsWith('"') ? String(JSON.parse(json)) : json;
}

/** It says what the bytes are no longer. */
function isSchemaHeader(name: string, { key, value }: DecodedParts): boolean {
  return (name === "__key_schema_id" && key !== undefined) || (name === "__value_schema_id" && value !== undefined);
}

function toText(bytes: Buffer): string {
  return utf8Text(bytes) ?? bytes.toString("base64");
}

function jsonOrText(bytes: Buffer, parse: (text: string) => unknown): unknown {
  const text = utf8Text(bytes);
  return text === undefined ? toText(bytes) : parsedOr(text, text, parse);
}

/** Text that is not JSON is something else; JSON that is nested too deep is the record's own fault, and not to be taken for text. */
export function parsedOr(text: string, otherwise: unknown, parse: (text: string) => unknown): unknown {
  try {
    return parse(text);
  } catch (thrown) {
    if (thrown instanceof RelayError) throw thrown;
    return otherwise;
  }
}

function toHeaderTexts({ headers }: KafkaRecord): RouteDocument["headers"] {
  const texts: Record<string, string | null | (string | null)[]> = Object.create(null) as Record<string, never>;
  for (const { name, value } of headers) {
    const text = value === null ? null : toText(value);
    const known = texts[name];
    texts[name] = name in texts ? (Array.isArray(known) ? [...known, text] : [known as string | null, text]) : text;
  }
  return texts;
}
