/**
 * A registry with Confluent's API: Confluent Platform and Cloud, Karapace, Apicurio's ccompat
 * (https://docs.confluent.io/platform/current/schema-registry/develop/api.html).
 */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { registryUnavailable, subjectPath, toListOf, toSchemaBody, toSchemaText, toSubjectVersion } from "./confluent-answers.js";
import { type ConfluentOptions, RegistryClient } from "./confluent-client.js";
import { Kept } from "./kept.js";
import { resolveReferences } from "./references.js";
import type { ResolvedSchema, SchemaRegistry, SubjectVersion } from "./registry.js";

const latestKeptMs = 60_000;
const missKeptMs = 5_000;
const entriesMax = 1_000;

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
      const answer = await client.ask("POST", subjectPath(subject), deadline, toSchemaBody(schema));
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
      client.sound(await client.ask("POST", `${subjectPath(subject)}/versions`, deadline, toSchemaBody(schema)), "a schema id");
      forgetLatest(subject);
      // Its answer has the id alone.
      const registered = await lookUp(subject, schema, deadline);
      if (registered !== undefined) return registered;
      throw registryUnavailable("it has registered a schema, and does not find it yet");
    },
  };
}

/** What people ask for, never a record. */
function createListing(client: RegistryClient): Pick<SchemaRegistry, "subjects" | "versions" | "incompatibilities"> {
  return {
    subjects: async (deadline) => toListOf(client.sound(await client.ask("GET", "/subjects", deadline), "a list of subjects"), "string"),
    versions: async (subject, deadline) => {
      const answer = await client.ask("GET", `${subjectPath(subject)}/versions`, deadline);
      if (answer.status === 404) throw notFound(`The schema registry has no subject ${JSON.stringify(subject)}`);
      return toListOf(client.sound(answer, "a list of versions"), "number");
    },
    incompatibilities: async (subject, schema, deadline) => {
      const path = `/compatibility${subjectPath(subject)}/versions?verbose=true`;
      const answer = await client.ask("POST", path, deadline, toSchemaBody(schema));
      // A subject without a version accepts any.
      if (answer.status === 404) return [];
      const { is_compatible: isCompatible, messages } = client.sound(answer, "a verdict");
      if (isCompatible === true) return [];
      const said = Array.isArray(messages) ? messages.filter((one): one is string => typeof one === "string") : [];
      return said.length > 0 ? said : ["The registry says that it is not compatible, and not why."];
    },
  };
}

function notFound(message: string): RelayError {
  return new RelayError("schema-not-found", `${message}.`);
}
