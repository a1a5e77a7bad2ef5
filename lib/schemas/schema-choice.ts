/** How a record of the v3 contract chooses its schema, and what it then has: an id, a version, and a way from JSON to bytes. */
import type { Deadline } from "../deadline.js";
import { RelayError } from "../errors.js";
import type { ResolvedSchema, SchemaRegistry, SchemaType, SubjectVersion } from "./registry/registry.js";

/** https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#subject-name-strategy */
export type SubjectNameStrategy = "TOPIC_NAME" | "RECORD_NAME" | "TOPIC_RECORD_NAME";

export interface SchemaChoice {
  readonly subject?: string;
  /** Absent, as `subject` is: TOPIC_NAME. */
  readonly strategy?: SubjectNameStrategy;
  readonly by:
    | { readonly is: "text"; readonly type: SchemaType; readonly text: string }
    | { readonly is: "id"; readonly id: number }
    | { readonly is: "version"; readonly version: number | "latest" };
}

/** Whose key or value it is. */
export interface ChoicePlace {
  readonly topic: string;
  readonly part: "key" | "value";
}

/** A schema under its number in a subject. */
interface ChosenSchema {
  readonly schema: ResolvedSchema;
  readonly subject: string;
  readonly id: number;
  readonly version: number;
}

interface ChoosingWorld {
  readonly registry: SchemaRegistry;
  /** The name of a schema's record, message or title. Throws `schema-invalid` for what cannot be used here. */
  readonly nameOf: (schema: ResolvedSchema) => Promise<string | undefined>;
}

/** Throws in Confluent's words: 42205 for a schema that cannot be parsed, 42207 for what the registry refuses or does not have, 400 for a version that does not exist. */
export async function chooseSchema(
  { registry, nameOf }: ChoosingWorld,
  { by, subject, strategy }: SchemaChoice,
  place: ChoicePlace,
  deadline: Deadline,
): Promise<ChosenSchema> {
  if (by.is === "version") {
    const found = await byVersion(registry, subject ?? subjectWithoutSchema(strategy, place), by.version, deadline);
    return { schema: await registry.resolve(found, deadline), subject: found.subject, id: found.id, version: found.version };
  }
  const schema =
    by.is === "id"
      ? await byId(registry, by.id, deadline)
      : await registry.resolve({ type: by.type, text: by.text, references: [] }, deadline);
  const name = await nameOf(schema);
  const actual = subject ?? subjectOf(strategy, place, name);
  const { id, version } =
    by.is === "id" ? await versionOf(registry, actual, schema, deadline) : await register(registry, actual, schema, deadline);
  return { schema, subject: actual, id: by.is === "id" ? by.id : id, version };
}

function subjectOf(strategy: SubjectNameStrategy | undefined, { topic, part }: ChoicePlace, name: string | undefined): string {
  if (strategy === undefined || strategy === "TOPIC_NAME") return `${topic}-${part}`;
  if (name !== undefined) return strategy === "RECORD_NAME" ? name : `${topic}-${name}`;
  throw new RelayError(
    "bad-request",
    `Cannot use schema_subject_strategy=${strategy} with a schema that has no name. Give a title, or use 'subject'.`,
  );
}

function subjectWithoutSchema(strategy: SubjectNameStrategy | undefined, place: ChoicePlace): string {
  if (strategy === undefined || strategy === "TOPIC_NAME") return subjectOf(strategy, place, undefined);
  throw new RelayError("bad-request", `Cannot use schema_subject_strategy=${strategy} without schema_id or schema.`);
}

async function byVersion(
  registry: SchemaRegistry,
  subject: string,
  version: number | "latest",
  deadline: Deadline,
): Promise<SubjectVersion> {
  try {
    return await registry.byVersion(subject, version, deadline);
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    if (version === "latest") throw refused(`Error when fetching latest schema version. subject = ${subject}`, thrown);
    throw new RelayError("bad-request", `Schema does not exist for subject: ${subject}, version: ${version}`, { cause: thrown });
  }
}

async function byId(registry: SchemaRegistry, id: number, deadline: Deadline): Promise<ResolvedSchema> {
  try {
    return await registry.byId(id, deadline);
  } catch (thrown) {
    throw isRefusal(thrown) ? refused(`Error when fetching schema by id. schemaId = ${id}`, thrown) : thrown;
  }
}

async function versionOf(registry: SchemaRegistry, subject: string, schema: ResolvedSchema, deadline: Deadline): Promise<SubjectVersion> {
  const why = `Error when fetching schema version. subject = ${subject}, schema = ${shownSchema(schema.text)}`;
  try {
    const found = await registry.lookUp(subject, schema, deadline);
    if (found !== undefined) return found;
  } catch (thrown) {
    throw isRefusal(thrown) ? refused(why, thrown) : thrown;
  }
  throw refused(`${why}\nThe subject does not have this schema.`);
}

async function register(registry: SchemaRegistry, subject: string, schema: ResolvedSchema, deadline: Deadline): Promise<SubjectVersion> {
  const { type, text, references } = schema;
  try {
    return await registry.register(subject, { type, text, references }, deadline);
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    throw refused(`Error when registering schema. format = ${type}, subject = ${subject}, schema = ${shownSchema(text)}`, thrown);
  }
}

/** What the registry says of a schema, as opposed to not being able to say anything. */
function isRefusal(thrown: unknown): thrown is RelayError {
  return thrown instanceof RelayError && (thrown.code === "schema-refused" || thrown.code === "schema-not-found");
}

function refused(why: string, cause?: RelayError): RelayError {
  const words = `Error serializing message. ${why}`;
  return new RelayError("schema-refused", cause === undefined ? words : `${words}\n${cause.message}`, cause === undefined ? {} : { cause });
}

const shownCharactersMax = 300;

/** The start of a schema, for messages. */
export function shownSchema(text: string): string {
  return text.length <= shownCharactersMax ? text : `${text.slice(0, shownCharactersMax)}...`;
}
