/**
 * A registry with Confluent's API: Confluent Platform and Cloud, Karapace, Apicurio's ccompat
 * (https://docs.confluent.io/platform/current/schema-registry/develop/api.html).
 */
import { assertTimeLeft, type Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { Kept } from "./kept.js";
import type { ResolvedSchema, SchemaReference, SchemaRegistry, SchemaText, SchemaType, SubjectVersion } from "./registry.js";
import { schemaTypes } from "./registry.js";
import type { RegistryAnswer, RegistryRequest, Transport } from "./transport.js";

/** The headers that say who we are. */
export interface RegistryAuthorization {
  readonly headers: (refresh: boolean) => Promise<Readonly<Record<string, string>>>;
  /** They were refused. True: others can be had, so it makes sense to try again now. */
  readonly doubt: () => boolean;
}

interface ConfluentOptions {
  /** Tried in their order. */
  readonly urls: readonly URL[];
  readonly transport: Transport;
  readonly authorization?: RegistryAuthorization | undefined;
  readonly now?: () => number;
}

const attemptMsMax = 2_500;
const attemptsMax = 2;
const latestKeptMs = 60_000;
const missKeptMs = 5_000;
/** During an outage, who asks waits for a few timeouts in total, not one per record. */
const outageKeptMs = 1_000;
const entriesMax = 1_000;
const referencesMax = 200;
const referenceDepthMax = 30;
const saidCharactersMax = 500;

export function createConfluentRegistry(options: ConfluentOptions): SchemaRegistry {
  const client = new RegistryClient(options);
  const reading = createReading(client, options.now);
  const { close } = options.transport;
  return { ...reading, ...createRegistering(client, reading, options.now), ...createListing(client), close };
}

type Reading = Pick<SchemaRegistry, "byId" | "byGuid" | "byVersion" | "resolve"> & { readonly forgetLatest: (subject: string) => void };

/** Schemas that are there. */
function createReading(client: RegistryClient, now: () => number = Date.now): Reading {
  const forGood = { entriesMax, failureKeptMs: missKeptMs, now };
  const schemas = new Kept<ResolvedSchema>(forGood);
  const versions = new Kept<SubjectVersion>(forGood);
  const latest = new Kept<SubjectVersion>({ ...forGood, keptMs: latestKeptMs });

  const byVersion: SchemaRegistry["byVersion"] = (subject, version, deadline) => {
    const kept = version === "latest" ? latest : versions;
    return kept.get(`${subject}\n${version}`, async () => {
      const answer = await client.ask("GET", `${subjectPath(subject)}/versions/${version}`, deadline);
      if (answer.status === 404) throw notFound(`Schema does not exist for subject: ${subject}, version: ${version}`);
      return toSubjectVersion(client.sound(answer, "a schema version"));
    });
  };
  const resolve: SchemaRegistry["resolve"] = async (schema, deadline) => ({
    ...schema,
    resolved: await resolveReferences(schema.references, (subject, version) => byVersion(subject, version, deadline)),
  });
  const byPath = (path: string, what: string, deadline: Deadline): Promise<ResolvedSchema> =>
    schemas.get(path, async () => {
      const answer = await client.ask("GET", path, deadline);
      if (answer.status === 404) throw notFound(`The schema registry has no schema with the ${what}`);
      return resolve(toSchemaText(client.sound(answer, "a schema")), deadline);
    });
  return {
    byId: (id, deadline) => byPath(`/schemas/ids/${id}`, `id ${id}`, deadline),
    byGuid: (guid, deadline) => byPath(`/schemas/guids/${encodeURIComponent(guid)}`, `GUID ${guid}`, deadline),
    byVersion,
    resolve,
    forgetLatest: (subject) => latest.forget(`${subject}\nlatest`),
  };
}

/** Schemas that a subject has, or gets. */
function createRegistering(
  client: RegistryClient,
  { forgetLatest }: Reading,
  now: () => number = Date.now,
): Pick<SchemaRegistry, "lookUp" | "register"> {
  const lookUps = new Kept<SubjectVersion | undefined>({ entriesMax, failureKeptMs: missKeptMs, now });
  const lookUp: SchemaRegistry["lookUp"] = async (subject, schema, deadline) => {
    const key = JSON.stringify([subject, schema.type, schema.text, schema.references]);
    const found = await lookUps.get(key, async () => {
      const answer = await client.ask("POST", subjectPath(subject), deadline, toBody(schema));
      return answer.status === 404 ? undefined : toSubjectVersion(client.sound(answer, "a schema version"));
    });
    // Somebody may register it at any moment.
    if (found === undefined) lookUps.forget(key);
    return found;
  };
  return {
    lookUp,
    register: async (subject, schema, deadline) => {
      const known = await lookUp(subject, schema, deadline);
      if (known !== undefined) return known;
      client.sound(await client.ask("POST", `${subjectPath(subject)}/versions`, deadline, toBody(schema)), "a schema id");
      forgetLatest(subject);
      // Its answer has the id alone.
      const registered = await lookUp(subject, schema, deadline);
      if (registered !== undefined) return registered;
      throw unavailable("it has registered a schema, and does not find it yet");
    },
  };
}

/** What people ask for, never a record. */
function createListing(client: RegistryClient): Pick<SchemaRegistry, "subjects" | "versions" | "incompatibilities"> {
  return {
    subjects: async (deadline) => toList(client.sound(await client.ask("GET", "/subjects", deadline), "a list of subjects"), "string"),
    versions: async (subject, deadline) => {
      const answer = await client.ask("GET", `${subjectPath(subject)}/versions`, deadline);
      if (answer.status === 404) throw notFound(`The schema registry has no subject ${JSON.stringify(subject)}`);
      return toList(client.sound(answer, "a list of versions"), "number");
    },
    incompatibilities: async (subject, schema, deadline) => {
      const path = `/compatibility${subjectPath(subject)}/versions?verbose=true`;
      const answer = await client.ask("POST", path, deadline, toBody(schema));
      // A subject without a version accepts any.
      if (answer.status === 404) return [];
      const { is_compatible: isCompatible, messages } = client.sound(answer, "a verdict");
      if (isCompatible === true) return [];
      const said = Array.isArray(messages) ? messages.filter((one): one is string => typeof one === "string") : [];
      return said.length > 0 ? said : ["The registry says that it is not compatible, and not why."];
    },
  };
}

type Json = Readonly<Record<string, unknown>>;

class RegistryClient {
  readonly #options: ConfluentOptions;
  readonly #now: () => number;
  #outage: { readonly error: RelayError; readonly untilMs: number } | undefined;
  #urlIndex = 0;

  constructor(options: ConfluentOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Any answer but an outage and a refusal of our credentials; those are tried once more, then thrown. */
  async ask(method: RegistryRequest["method"], path: string, deadline: Deadline, body?: unknown): Promise<RegistryAnswer> {
    if (this.#outage !== undefined && this.#now() < this.#outage.untilMs) throw this.#outage.error;
    let failure: RelayError | undefined;
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      assertTimeLeft(deadline, "ask the schema registry");
      const outcome = await this.#attempt(method, path, deadline, body, attempt > 1);
      if (!(outcome instanceof RelayError)) {
        this.#outage = undefined;
        return outcome;
      }
      failure = outcome;
      if (failure.code === "registry-unavailable") this.#urlIndex += 1;
      else if (this.#options.authorization?.doubt() !== true) break;
    }
    if (failure?.code === "registry-unavailable") this.#outage = { error: failure, untilMs: this.#now() + outageKeptMs };
    throw failure;
  }

  async #attempt(
    method: RegistryRequest["method"],
    path: string,
    deadline: Deadline,
    body: unknown,
    isRefresh: boolean,
  ): Promise<RegistryAnswer | RelayError> {
    const { urls, transport, authorization } = this.#options;
    const url = urls[this.#urlIndex % urls.length] as URL;
    const headers = (await authorization?.headers(isRefresh)) ?? {};
    const timeoutMs = Math.max(1, Math.min(attemptMsMax, Math.floor(deadline.leftMs())));
    try {
      const answer = await transport.send(url, { method, path, headers, timeoutMs, ...(body === undefined ? {} : { body }) });
      return failureOf(answer, url) ?? answer;
    } catch (cause) {
      // A secret or certificate of ours that cannot be read.
      if (cause instanceof RelayError) throw cause;
      return unavailable(`${url.origin} cannot be asked: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
    }
  }

  /** The object or list of a good answer; what a registry says of a schema is thrown. */
  sound({ status, body }: RegistryAnswer, what: string): Json {
    if (status >= 200 && status < 300 && typeof body === "object" && body !== null) return body as Json;
    if (status >= 200 && status < 300) throw unavailable(`it answered ${status} without ${what}`);
    const said = messageOf(body);
    throw new RelayError("schema-refused", `The schema registry refused the schema: ${said === "" ? `it answered ${status}` : said}`);
  }
}

function failureOf({ status, body }: RegistryAnswer, url: URL): RelayError | undefined {
  const said = messageOf(body);
  const words = said === "" ? "" : `: ${said}`;
  if (status === 401)
    return new RelayError("registry-unauthenticated", `The schema registry ${url.origin} does not accept our credentials${words}`);
  if (status === 403) return new RelayError("registry-forbidden", `The schema registry ${url.origin} does not allow it${words}`);
  if (status >= 500 || status === 429 || status === 408) return unavailable(`${url.origin} answered ${status}${words}`);
  if (status >= 300 && status < 400) return unavailable(`${url.origin} answered ${status}, and redirects are not followed`);
  // A wrong address must not turn every record into one with an unknown schema.
  if (status === 404 && typeof (body as Json | undefined)?.error_code !== "number") {
    return unavailable(`${url.origin} answered 404 as no schema registry does; check the address`);
  }
  return undefined;
}

function messageOf(body: unknown): string {
  const { error_code: code, message } = (typeof body === "object" && body !== null ? body : {}) as Json;
  if (typeof message !== "string") return "";
  const text = message.replace(/[^\P{Cc}]+/gu, " ").slice(0, saidCharactersMax);
  return typeof code === "number" ? `${text} (${code})` : text;
}

/** Post-order: a schema stands after everything that it uses. */
async function resolveReferences(
  references: readonly SchemaReference[],
  fetchVersion: (subject: string, version: number) => Promise<SubjectVersion>,
): Promise<ResolvedSchema["resolved"]> {
  const resolved: { readonly name: string; readonly text: string }[] = [];
  const seen = new Set<string>();
  const add = async (list: readonly SchemaReference[], depth: number): Promise<void> => {
    if (depth > referenceDepthMax)
      throw new RelayError("schema-invalid", `The schema's references are nested deeper than ${referenceDepthMax} levels.`);
    for (const { name, subject, version } of list) {
      const key = `${name}\n${subject}\n${version}`;
      if (seen.has(key)) continue;
      seen.add(key);
      if (seen.size > referencesMax) throw new RelayError("schema-invalid", `The schema has more than ${referencesMax} references.`);
      const found = await fetchVersion(subject, version);
      await add(found.references, depth + 1);
      resolved.push({ name, text: found.text });
    }
  };
  await add(references, 0);
  return resolved;
}

function toSchemaText(body: Json): SchemaText {
  const { schema, schemaType = "AVRO", references } = body;
  if (typeof schema !== "string") throw unavailable("its answer holds no schema");
  if (!schemaTypes.includes(schemaType as SchemaType)) {
    throw new RelayError(
      "schema-invalid",
      `The schema is of the type ${JSON.stringify(schemaType)}; ${schemaTypes.join(", ")} are supported.`,
    );
  }
  const list = Array.isArray(references) ? references : [];
  return {
    type: schemaType as SchemaType,
    text: schema,
    references: list.map((one: Json) => ({ name: String(one.name), subject: String(one.subject), version: Number(one.version) })),
  };
}

function toSubjectVersion(body: Json): SubjectVersion {
  const { id, subject, version, guid } = body;
  if (typeof id !== "number" || typeof subject !== "string" || typeof version !== "number")
    throw unavailable("its answer holds no id, subject and version");
  return { ...toSchemaText(body), id, subject, version, guid: typeof guid === "string" ? guid : undefined };
}

function toBody({ type, text, references }: SchemaText): object {
  return { schema: text, ...(type === "AVRO" ? {} : { schemaType: type }), ...(references.length === 0 ? {} : { references }) };
}

function toList<Kind extends "string" | "number">(body: unknown, kind: Kind): readonly (Kind extends "string" ? string : number)[] {
  if (Array.isArray(body) && body.every((one) => typeof one === kind)) return body;
  throw unavailable("its answer is not the list that was asked for");
}

function subjectPath(subject: string): string {
  return `/subjects/${encodeURIComponent(subject)}`;
}

function notFound(message: string): RelayError {
  return new RelayError("schema-not-found", `${message}.`);
}

function unavailable(why: string, cause?: unknown): RelayError {
  return new RelayError("registry-unavailable", `The schema registry is unavailable: ${why}.`, cause === undefined ? {} : { cause });
}
