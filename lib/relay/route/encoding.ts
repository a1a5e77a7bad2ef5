/** Messages of a route as the bytes that its target's `encode` asks for. Nothing is loaded before the first message. */
import type { Deadline } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import { isJson } from "../../json/read.js";
import { toJsonText } from "../../json/write.js";
import type { EncoderOf, EncodeValue } from "../../schemas/encoder.js";
import type { Message, TargetEncode, TargetPartEncode } from "../delivery.js";
import { wholeKeyOf } from "./path.js";

/** Rejects with `record-not-for-target` where a value does not fit its schema, and with what holds the record where the registry cannot be asked. */
export type Encode = (messages: readonly Message[], deadline: Deadline) => Promise<readonly Message[]>;

/** Undefined: the target takes the bytes as they are. */
export function createEncode(encode: TargetEncode | undefined, openEncoders: () => Promise<EncoderOf>): Encode | undefined {
  if (encode === undefined) return undefined;
  let opened: EncoderOf | undefined;
  return async (messages, deadline) => {
    const of = opened ?? (await open(openEncoders));
    opened = of;
    const value = await of(encode.value, deadline);
    const key = encode.key === undefined ? undefined : await of(encode.key, deadline);
    return messages.map((message) => ({
      ...message,
      key: key === undefined ? message.key : encoded("key", encode.key, key, keyJson(message)),
      value: encoded("value", encode.value, value, valueJson(message)),
      // They would name another schema.
      headers: message.headers.filter(({ name }) => name !== "__value_schema_id" && (key === undefined || name !== "__key_schema_id")),
    }));
  };
}

/** Code that cannot be loaded is our fault, not a record's. */
async function open(openEncoders: () => Promise<EncoderOf>): Promise<EncoderOf> {
  try {
    return await openEncoders();
  } catch (thrown) {
    throw toRelayError(thrown);
  }
}

function encoded(what: "key" | "value", part: TargetPartEncode | undefined, encode: EncodeValue, json: string | null): Buffer | null {
  if (json === null) return null;
  try {
    return encode(json);
  } catch (thrown) {
    const error = toRelayError(thrown);
    if (error.code === "internal") throw error;
    throw new RelayError("record-not-for-target", `The ${what} cannot be written by the schema of ${part?.subject}: ${error.message}`, {
      cause: thrown,
    });
  }
}

/** The text as it stands where it is JSON, so that it is read once. Null for a tombstone. */
function valueJson(message: Message): string | null {
  if (message.value === null) return null;
  const document = message.exactDocument();
  const json = document === undefined ? undefined : toJsonText(document);
  if (json !== undefined) return json;
  throw new RelayError("record-not-for-target", "The record's value is not JSON, so it cannot be encoded by a schema.");
}

/** A key that is not JSON is a text. */
function keyJson(message: Message): string | null {
  if (message.key === null) return null;
  const key = wholeKeyOf(message);
  if (Buffer.isBuffer(key))
    throw new RelayError("record-not-for-target", "The record's key is not UTF-8 text, so it cannot be encoded by a schema.");
  if (typeof key === "string" && message.keyDocument === undefined && /^[[{]/.test(key) && isJson(key)) return key;
  return toJsonText(key) ?? "null";
}
