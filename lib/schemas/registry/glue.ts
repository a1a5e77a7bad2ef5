/** AWS Glue's schema registry: schemas by the version id in a record, and version ids by schema (https://docs.aws.amazon.com/glue/latest/dg/schema-registry.html). */
import type { GlueClient } from "@aws-sdk/client-glue";
import { assertTimeLeft, type Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { installed } from "../../installed.js";
import { Kept } from "./kept.js";
import { type SchemaType, schemaTypes } from "./registry.js";

interface GlueSchema {
  readonly type: SchemaType;
  readonly text: string;
}

export interface GlueRegistry {
  /** Throws as SchemaRegistry does. */
  readonly byVersionId: (versionId: string, deadline: Deadline) => Promise<GlueSchema>;
  /** The version id of a schema under a name; it is created or registered where it is new. */
  readonly register: (schemaName: string, schema: GlueSchema, deadline: Deadline) => Promise<string>;
  readonly close: () => void;
}

interface GlueOptions {
  readonly registryName: string;
  /** The SDK's own where absent. */
  readonly region?: string | undefined;
  readonly now?: () => number;
}

const requestMsMax = 2_500;
const attemptsMax = 2;
const entriesMax = 1_000;
const missKeptMs = 5_000;
/** A new version is checked before it may be used. */
const pendingPollMs = 200;
const pendingPollsMax = 20;

export function createGlueRegistry({ registryName, region, now = Date.now }: GlueOptions): GlueRegistry {
  const schemas = new Kept<GlueSchema>({ entriesMax, failureKeptMs: missKeptMs, now });
  const versionIds = new Kept<string>({ entriesMax, failureKeptMs: missKeptMs, now });
  const glue = new GlueCalls(region);
  return {
    byVersionId: (versionId, deadline) =>
      schemas.get(versionId, async () => {
        const answer = await glue.getVersion(versionId, deadline);
        if (answer === undefined) throw new RelayError("schema-not-found", `AWS Glue has no schema version ${versionId}.`);
        return toSchema(answer.SchemaDefinition, answer.DataFormat);
      }),
    register: (schemaName, schema, deadline) =>
      versionIds.get(JSON.stringify([schemaName, schema.text]), async () => {
        const { id, status } = await glue.register({ registryName, schemaName, schema }, deadline);
        return glue.untilAvailable(id, status, deadline);
      }),
    close: () => glue.close(),
  };
}

interface Registering {
  readonly registryName: string;
  readonly schemaName: string;
  readonly schema: GlueSchema;
}

interface Version {
  readonly id: string | undefined;
  readonly status: string | undefined;
}

class GlueCalls {
  readonly #region: string | undefined;
  #client: Promise<GlueClient> | undefined;

  constructor(region: string | undefined) {
    this.#region = region;
  }

  async getVersion(versionId: string, deadline: Deadline) {
    const { GetSchemaVersionCommand } = await installed("@aws-sdk/client-glue", () => import("@aws-sdk/client-glue"));
    return this.#call(deadline, (client, options) => client.send(new GetSchemaVersionCommand({ SchemaVersionId: versionId }), options));
  }

  /** Looked up first, as AWS's own serializers do: most schemas are there. */
  async register({ registryName, schemaName, schema }: Registering, deadline: Deadline): Promise<Version> {
    const { CreateSchemaCommand, GetSchemaByDefinitionCommand, RegisterSchemaVersionCommand } = await installed(
      "@aws-sdk/client-glue",
      () => import("@aws-sdk/client-glue"),
    );
    const named = { SchemaId: { RegistryName: registryName, SchemaName: schemaName }, SchemaDefinition: schema.text };
    const found = await this.#call(deadline, (client, options) => client.send(new GetSchemaByDefinitionCommand(named), options));
    if (found !== undefined) return { id: found.SchemaVersionId, status: found.Status };
    const added = await this.#call(deadline, (client, options) => client.send(new RegisterSchemaVersionCommand(named), options));
    if (added !== undefined) return { id: added.SchemaVersionId, status: added.Status };
    const whole = {
      RegistryId: { RegistryName: registryName },
      SchemaName: schemaName,
      DataFormat: schema.type,
      Compatibility: "BACKWARD" as const,
      SchemaDefinition: schema.text,
    };
    const created = await this.#call(deadline, (client, options) => client.send(new CreateSchemaCommand(whole), options));
    if (created !== undefined) return { id: created.SchemaVersionId, status: created.SchemaVersionStatus };
    throw new RelayError("bad-configuration", `GLUE_REGISTRY names the registry ${registryName}, which AWS Glue does not have.`);
  }

  async untilAvailable(id: string | undefined, firstStatus: string | undefined, deadline: Deadline): Promise<string> {
    if (id === undefined) throw unavailable("its answer holds no version id");
    let status = firstStatus;
    for (let polls = 0; status === "PENDING" && polls < pendingPollsMax; polls++) {
      assertTimeLeft(deadline, "wait until AWS Glue has checked a schema");
      await new Promise((resolve) => setTimeout(resolve, pendingPollMs));
      status = (await this.getVersion(id, deadline))?.Status;
    }
    if (status === "AVAILABLE") return id;
    if (status === "PENDING") throw unavailable("it has not yet checked the new schema");
    throw new RelayError("schema-refused", `AWS Glue refuses the schema version ${id}: it is not compatible with the versions before it.`);
  }

  close(): void {
    this.#client?.then((client) => client.destroy()).catch(() => {});
  }

  /** Undefined: what was asked about does not exist. */
  async #call<Answer>(
    deadline: Deadline,
    send: (client: GlueClient, options: { readonly abortSignal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    assertTimeLeft(deadline, "ask AWS Glue");
    this.#client ??= this.#open();
    const timeoutMs = Math.max(1, Math.min(requestMsMax, Math.floor(deadline.leftMs())));
    try {
      return await send(await this.#client, { abortSignal: AbortSignal.timeout(timeoutMs) });
    } catch (thrown) {
      const name = thrown instanceof Error ? thrown.name : "";
      if (name === "EntityNotFoundException") return undefined;
      throw failureOf(name, thrown);
    }
  }

  async #open(): Promise<GlueClient> {
    const { GlueClient: Client } = await installed("@aws-sdk/client-glue", () => import("@aws-sdk/client-glue"));
    return new Client({ maxAttempts: attemptsMax, ...(this.#region === undefined ? {} : { region: this.#region }) });
  }
}

/** The SDK's errors, by the names that AWS documents (https://docs.aws.amazon.com/glue/latest/webapi/CommonErrors.html). */
function failureOf(name: string, cause: unknown): RelayError {
  if (name === "AccessDeniedException")
    return new RelayError("registry-forbidden", "AWS Glue does not allow it (AccessDeniedException).", { cause });
  const isUnknown = [
    "UnrecognizedClientException",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "CredentialsProviderError",
  ];
  if (isUnknown.includes(name))
    return new RelayError("registry-unauthenticated", `AWS Glue does not accept our credentials (${name}).`, { cause });
  if (name === "InvalidInputException")
    return new RelayError("schema-refused", "AWS Glue refuses the schema or its id as invalid.", { cause });
  return unavailable(`it cannot be asked (${name === "" ? "no answer" : name})`, cause);
}

function toSchema(text: string | undefined, format: string | undefined): GlueSchema {
  const type = schemaTypes.find((one) => one === format);
  if (text !== undefined && type !== undefined) return { type, text };
  throw new RelayError(
    "schema-invalid",
    `AWS Glue's schema has the format ${JSON.stringify(format)}; ${schemaTypes.join(", ")} are supported.`,
  );
}

function unavailable(why: string, cause?: unknown): RelayError {
  return new RelayError("registry-unavailable", `AWS Glue's schema registry is unavailable: ${why}.`, cause === undefined ? {} : { cause });
}
