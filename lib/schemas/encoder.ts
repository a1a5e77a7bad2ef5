/** JSON text to the bytes of records by a schema that a route names: the latest of a subject, one of its versions, an id, or a text that is registered where it is new. */
import type { Deadline } from "../deadline.js";
import { RelayError } from "../errors.js";
import { type Encoding, encodingOf } from "./encodings.js";
import { confluentPrefix, gluePrefixed } from "./framing.js";
import type { GlueRegistry } from "./registry/glue.js";
import { Kept } from "./registry/kept.js";
import type { ResolvedSchema, SchemaRegistry, SchemaType } from "./registry/registry.js";
import { createValidationTime } from "./validation-time.js";

interface EncodeBy {
  readonly subject: string;
  readonly type: SchemaType;
  /** The text of a schema. */
  readonly schema?: string | undefined;
  readonly id?: number | undefined;
  readonly version?: number | undefined;
  /** Protobuf: the full name of the message; the first one where absent. */
  readonly message?: string | undefined;
  readonly logical: boolean;
}

/** One value's JSON text to bytes. Throws `record-undecodable` with the path to what does not fit. */
export type EncodeValue = (json: string) => Buffer;

/** Throws what a registry throws; a subject or version that it does not have, or refuses, is `target-refused`: somebody may register it, and the record is sound. */
export type EncoderOf = (by: EncodeBy, deadline: Deadline) => Promise<EncodeValue>;

interface EncoderOptions {
  readonly confluent: SchemaRegistry | undefined;
  readonly glue: GlueRegistry | undefined;
}

interface Named {
  readonly schema: ResolvedSchema;
  readonly framed: (payload: Buffer) => Buffer;
}

const encodingsMax = 200;
const failureKeptMs = 1_000;

export function createEncoderOf({ confluent, glue }: EncoderOptions): EncoderOf {
  const encodings = new Kept<Encoding>({ entriesMax: encodingsMax, failureKeptMs });
  const name = (by: EncodeBy, deadline: Deadline): Promise<Named> => {
    if (confluent !== undefined) return inConfluent(confluent, by, deadline);
    if (glue !== undefined) return inGlue(glue, by, deadline);
    throw new RelayError("bad-configuration", "The route encodes records, but neither SCHEMA_REGISTRY_URL nor GLUE_REGISTRY is set.");
  };
  return async (by, deadline) => {
    try {
      const { schema, framed } = await name(by, deadline);
      const { logical, message } = by;
      const key = JSON.stringify([schema.type, schema.text, schema.resolved, logical, message]);
      const encoding = await encodings.get(key, () => encodingOf(schema, { logical, message, isGlue: confluent === undefined }));
      const encode = encoding.begin(createValidationTime());
      return (json) => framed(encode(json));
    } catch (thrown) {
      throw heldBy(by, thrown);
    }
  };
}

async function inConfluent(registry: SchemaRegistry, by: EncodeBy, deadline: Deadline): Promise<Named> {
  const { subject, type, schema: text, id, version = "latest" } = by;
  if (id !== undefined) return framedBy(await registry.byId(id, deadline), id);
  if (text !== undefined) {
    const schema = await registry.resolve({ type, text, references: [] }, deadline);
    return framedBy(schema, (await registry.register(subject, schema, deadline)).id);
  }
  const found = await registry.byVersion(subject, version, deadline);
  return framedBy(await registry.resolve(found, deadline), found.id);
}

function framedBy(schema: ResolvedSchema, id: number): Named {
  const prefix = confluentPrefix(id);
  return { schema, framed: (payload) => Buffer.concat([prefix, payload]) };
}

/** Its serializers, too, know a schema by its text. */
async function inGlue(glue: GlueRegistry, { subject, type, schema: text }: EncodeBy, deadline: Deadline): Promise<Named> {
  if (text === undefined) {
    throw new RelayError(
      "bad-configuration",
      `encode: AWS Glue needs the text of the schema ${JSON.stringify(subject)}; give it as \`schema\`.`,
    );
  }
  const versionId = await glue.register(subject, { type, text }, deadline);
  return { schema: { type, text, references: [], resolved: [] }, framed: (payload) => gluePrefixed(versionId, payload) };
}

function heldBy({ subject }: EncodeBy, thrown: unknown): unknown {
  const isOfRegistry =
    thrown instanceof RelayError && ["schema-not-found", "schema-refused", "schema-invalid", "record-undecodable"].includes(thrown.code);
  if (!isOfRegistry) return thrown;
  return new RelayError("target-refused", `No record can be encoded for the subject ${subject}: ${thrown.message}`, { cause: thrown });
}
