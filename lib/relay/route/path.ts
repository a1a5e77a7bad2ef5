/** What stands at a path of a record, its digits kept: "value.a.b", "key", "key.a", "headers.name", "topic", "partition", "offset", "timestamp". */

import { isInDateRange } from "../../calendar.js";
import { utf8Text } from "../../cloudevents/event.js";
import { RelayError } from "../../errors.js";
import { NumberText, plainText } from "../../json/number-text.js";
import { parseJson } from "../../json/read.js";
import { toJsonText } from "../../json/write.js";
import type { KafkaRecord } from "../../kafka/records.js";
import type { Message } from "../delivery.js";

interface PathSource {
  readonly message: Message;
  readonly source: Pick<KafkaRecord, "topic" | "partition" | "offset">;
}

/**
 * Undefined where nothing stands there. Numbers that a double does not hold are a NumberText; a key or header that is not UTF-8 text is its bytes, since
 * different bytes must not become one text. Throws `record-not-for-target` where the record cannot have a value there.
 */
export function valueAt({ message, source }: PathSource, path: string): unknown {
  const [root = "", ...names] = path.split(".");
  switch (root) {
    case "value": {
      const document = message.exactDocument();
      if (document === undefined && message.value !== null)
        throw new RelayError(
          "record-not-for-target",
          `The record's value is not JSON, but the route reads ${JSON.stringify(path)} from it.`,
        );
      return memberAt(document, names);
    }
    case "key":
      return names.length === 0 ? wholeKeyOf(message) : memberAt(parsedKey(message), names);
    case "headers": {
      const name = names.join(".");
      return textOrBytes(message.headers.findLast((header) => header.name === name)?.value);
    }
    case "topic":
    case "partition":
    case "offset":
      return source[root];
    case "timestamp":
      return dateOf(message.timestampMs);
    default:
      throw new RelayError(
        "bad-configuration",
        `${JSON.stringify(path)} is not a path of a record: a path starts with value, key, headers, topic, partition, offset or timestamp.`,
      );
  }
}

/** The same as text, for names, addresses and templates: numbers with all their digits, objects and lists as JSON, a time in ISO 8601, bytes in base64. Undefined also for null. */
export function textAt(from: PathSource, path: string): string | undefined {
  const value = valueAt(from, path);
  if (value === undefined || value === null) return undefined;
  if (value instanceof NumberText) return plainText(value);
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return value.toString("base64");
  return typeof value === "object" ? toJsonText(value) : String(value);
}

/** The member at the end of the names; undefined where there is none. */
export function memberAt(document: unknown, names: readonly string[]): unknown {
  let value = document;
  for (const name of names) {
    if (!isContainer(value) || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

export function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null && !(value instanceof NumberText);
}

/** The whole key: what a schema decoded, otherwise its text or bytes. */
export function wholeKeyOf({ key, keyDocument }: Pick<Message, "key" | "keyDocument">): unknown {
  return keyDocument === undefined ? textOrBytes(key) : keyDocument();
}

/** The key as JSON; undefined if it is not JSON. */
export function parsedKey({ key, keyDocument }: Pick<Message, "key" | "keyDocument">): unknown {
  if (keyDocument !== undefined) return keyDocument();
  const text = key === null ? undefined : utf8Text(key);
  if (text === undefined) return undefined;
  try {
    return parseJson(text);
  } catch (thrown) {
    if (thrown instanceof RelayError) throw thrown;
    return undefined;
  }
}

/** Bytes of a key or of a header's value. */
function textOrBytes(bytes: Buffer | null | undefined): string | Buffer | undefined {
  return bytes === null || bytes === undefined ? undefined : (utf8Text(bytes) ?? bytes);
}

function dateOf(timestampMs: number): Date {
  if (isInDateRange(timestampMs)) return new Date(timestampMs);
  throw timestampFault(timestampMs, "a date can express (years -271821 to 275760)");
}

/** A record's own fault: most such times were written in microseconds or nanoseconds. */
export function timestampFault(timestampMs: number, what: string): RelayError {
  return new RelayError(
    "record-not-for-target",
    `The record's timestamp ${timestampMs} is outside what ${what}; Kafka's timestamps are milliseconds since 1970.`,
  );
}
