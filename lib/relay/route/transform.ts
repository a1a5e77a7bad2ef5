/** From one record to none, one or many messages, by the route's own function or by JSONata. A transform that throws or overruns fails its record for good. */
import { utf8Text } from "../../cloudevents/event.js";
import { createDeadline, within } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { parseJson, parsePlainJson } from "../../json/read.js";
import { toJsonText } from "../../json/write.js";
import type { RecordHeader } from "../../kafka/records.js";
import type { Message } from "../delivery.js";
import { isJsonata } from "../jsonata.js";
import type { Route } from "../route.js";
import { parsedOr, type RecordDocument, type RouteDocument } from "./document.js";

/** What a transform answers for one message. What is left out stays as the record has it. */
export interface TransformedMessage {
  /** Text is written as UTF-8. */
  readonly key?: string | Uint8Array | null;
  /** Bytes and text as they are, null is a tombstone, anything else is written as JSON. */
  readonly value?: unknown;
  /** In place of the record's headers. */
  readonly headers?: Readonly<Record<string, string | Uint8Array | null>> | readonly RecordHeader[];
  readonly timestampMs?: number;
}

/** None, by null, undefined or an empty list; one; or many. */
export type TransformResult = TransformedMessage | readonly TransformedMessage[] | null | undefined;

/** Gets the record as a document; `record` holds its bytes. */
export type Transform<Value = unknown> = (document: RouteDocument<Value>) => TransformResult | Promise<TransformResult>;

/** The messages of a record; throws `transform-failed` if the transform throws, overruns or returns something that is not a message. */
export function transformRecord(document: RecordDocument, route: Route): readonly Message[] | Promise<readonly Message[]> {
  const { transform } = route;
  if (transform === undefined) return [document.message];
  try {
    const isExact = isJsonata(transform);
    const result = isExact ? transform.run(document) : transform(document as unknown as RouteDocument<never>);
    if (!(result instanceof Promise)) return toMessages(result, document, isExact);
    const late = (): never => {
      throw refuse(`it took longer than ${route.transformTimeoutMs} ms.`);
    };
    return within(createDeadline(route.transformTimeoutMs), result, late)
      .then((answer) => toMessages(answer, document, isExact))
      .catch((thrown: unknown) => {
        throw toTransformError(thrown);
      });
  } catch (thrown) {
    throw toTransformError(thrown);
  }
}

/** `isExact`: its numbers may be number texts. */
function toMessages(result: TransformResult, document: RecordDocument, isExact: boolean): readonly Message[] {
  if (result === null || result === undefined) return [];
  const results: readonly unknown[] = Array.isArray(result) ? result : [result];
  return results.map((one) => toMessage(one, document, isExact));
}

const messageFields = ["key", "value", "headers", "timestampMs"];

function toMessage(result: unknown, document: RecordDocument, isExact: boolean): Message {
  if (typeof result !== "object" || result === null || result instanceof Uint8Array)
    throw refuse(`it returned ${result === null ? "null in a list" : typeof result} instead of { key, value, headers }.`);
  const stray = Object.keys(result).find((name) => !messageFields.includes(name));
  if (stray !== undefined)
    throw refuse(
      `a message has no ${JSON.stringify(stray)}: it has ${messageFields.join(", ")}. What goes into the body belongs under value.`,
    );
  const { key, value, headers, timestampMs } = result as TransformedMessage;
  if (timestampMs !== undefined && (!Number.isSafeInteger(timestampMs) || timestampMs < 0))
    throw refuse("timestampMs must be a time in milliseconds.");
  const ownValue = "value" in result && value !== undefined;
  const bytes = ownValue ? toBytes(value) : document.message.value;
  return {
    key: key === undefined ? document.message.key : typeof key === "string" ? Buffer.from(key) : key === null ? null : bytesOf(key, "key"),
    value: bytes,
    headers: headers === undefined ? document.message.headers : toHeaders(headers),
    timestampMs: timestampMs ?? document.message.timestampMs,
    ...(key === undefined && document.message.keyDocument !== undefined ? { keyDocument: document.message.keyDocument } : {}),
    ...(ownValue ? documentsOf(value, bytes, isExact) : documentsAsTheyWere(document.message)),
  };
}

function toBytes(value: unknown): Buffer | null {
  if (value === null) return null;
  if (typeof value === "string") return Buffer.from(value);
  if (value instanceof Uint8Array) return bytesOf(value, "value");
  const json = toJsonText(value);
  if (json === undefined) throw refuse(`its value is a ${typeof value}, which JSON cannot express.`);
  return Buffer.from(json);
}

function bytesOf(bytes: unknown, what: string): Buffer {
  if (!(bytes instanceof Uint8Array)) throw refuse(`its ${what} is neither text, bytes nor null.`);
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function toHeaders(headers: NonNullable<TransformedMessage["headers"]>): readonly RecordHeader[] {
  if (typeof headers !== "object") throw refuse("its headers are not an object of names and values.");
  const entries = Array.isArray(headers)
    ? (headers as readonly RecordHeader[]).map(({ name, value }) => [name, value] as const)
    : Object.entries(headers);
  return entries.map(([name, value]) => {
    if (typeof name !== "string") throw refuse("a header has no name.");
    return {
      name,
      value: value === null ? null : typeof value === "string" ? Buffer.from(value) : bytesOf(value, `header ${JSON.stringify(name)}`),
    };
  });
}

type Documents = Pick<Message, "document" | "exactDocument">;

/** A value that the transform made is its own document, and for users' code JSONata's is plain again; bytes are one where they are JSON. */
function documentsOf(value: unknown, bytes: Buffer | null, isExact: boolean): Documents {
  const isBytes = value instanceof Uint8Array;
  return {
    document: isBytes || (isExact && typeof value === "object") ? lazyJson(bytes, parsePlainJson) : () => value,
    exactDocument: isBytes ? lazyJson(bytes, parseJson) : () => value,
  };
}

function documentsAsTheyWere({ document, exactDocument }: Message): Documents {
  return { document, exactDocument };
}

function lazyJson(bytes: Buffer | null, parse: (text: string) => unknown): () => unknown {
  return () => {
    const text = bytes === null ? undefined : utf8Text(bytes);
    return text === undefined ? undefined : parsedOr(text, undefined, parse);
  };
}

function refuse(what: string): RelayError {
  return new RelayError("transform-failed", `The transform failed: ${what}`);
}

function toTransformError(thrown: unknown): RelayError {
  if (thrown instanceof RelayError) return thrown;
  const message =
    thrown instanceof Error
      ? `${thrown.name}: ${thrown.message}`
      : typeof thrown === "object"
        ? String((thrown as { message?: unknown } | null)?.message ?? "an object was thrown")
        : String(thrown);
  return new RelayError("transform-failed", `The transform threw ${message}`, { cause: thrown });
}
