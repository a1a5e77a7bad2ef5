/** What the routes commands know of schemas: how a route decodes and encodes, whether its own schemas can be used, and its examples written by them. Asks no registry. */
import { RelayError } from "../../../lib/errors.js";
import type { TargetEncode, TargetPartEncode } from "../../../lib/relay/delivery.js";
import { createEncode, type Encode } from "../../../lib/relay/route/encoding.js";
import type { Route } from "../../../lib/relay/route.js";
import type { EncoderOf } from "../../../lib/schemas/encoder.js";
import { encodingOf } from "../../../lib/schemas/encodings.js";
import { createValidationTime } from "../../../lib/schemas/validation-time.js";

export function describeDecoding({ decode }: Route): string {
  if (decode === false) return "never decoded";
  const { unions = "plain", logical = true, forward = "bytes" } = decode ?? {};
  const when = decode === undefined ? "decoded where a registry is configured" : "decoded";
  return `${when} (unions ${unions}, logical types ${logical ? "on" : "off"}); records without a transform are relayed as ${forward === "json" ? "the decoded JSON" : "the record's bytes"}`;
}

export function describeEncoding({ value, key }: TargetEncode): string {
  return [`values by ${byOf(value)}`, key === undefined ? "keys as they are" : `keys by ${byOf(key)}`].join(", ");
}

function byOf({ subject, schema, id, version }: TargetPartEncode): string {
  if (id !== undefined) return `the schema with the id ${id}`;
  if (schema !== undefined) return `the route's schema, registered as ${subject}`;
  return version === undefined ? `the latest schema of ${subject}` : `version ${version} of ${subject}`;
}

/** Why a schema in the route cannot be used; undefined: it can, or the registry has it. */
export async function encodeFault({ target }: Route): Promise<RelayError | undefined> {
  for (const part of [target.encode?.value, target.encode?.key]) {
    if (part?.schema === undefined) continue;
    try {
      await encodingBy(part);
    } catch (thrown) {
      if (thrown instanceof RelayError)
        return new RelayError("bad-configuration", `encode: ${part.subject}: ${thrown.message}`, { cause: thrown });
      throw thrown;
    }
  }
  return undefined;
}

/** For examples: messages are written by the schemas that stand in the route, and by no other. */
export async function localEncode({ target }: Route): Promise<Encode | undefined> {
  const { encode } = target;
  if (encode?.value.schema === undefined) return undefined;
  const { key, ...value } = encode;
  const own: TargetEncode = key?.schema === undefined ? value : { ...value, key };
  const encoderOf: EncoderOf = async (part) => (await encodingBy(part)).begin(createValidationTime());
  return createEncode(own, async () => encoderOf);
}

function encodingBy({ type, schema: text = "", logical, message }: TargetPartEncode) {
  return encodingOf({ type, text, references: [], resolved: [] }, { logical, message });
}
