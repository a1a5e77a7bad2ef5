/**
 * The schema registry of a mapping, as this machine reaches it: the one that SCHEMA_REGISTRY_URL names, in place of any other with Confluent's API; otherwise the
 * declared one, with secrets from `custom.kafkaTrigger.secrets`, which are never fetched from the cloud.
 */
import { parseConfig } from "../../../../lib/config.js";
import { createDeserializer } from "../../../../lib/schemas/deserializer.js";
import { createGlueRegistry } from "../../../../lib/schemas/registry/glue.js";
import { openRegistry } from "../../../../lib/schemas/registry/open.js";
import type { Declaration } from "../declaration/members.js";
import type { MappingSchemas } from "../mapping.js";
import type { TriggerSettings } from "./settings.js";

interface ReadRegistry {
  readonly schemas?: MappingSchemas;
  readonly faults: readonly string[];
}

type Registry = NonNullable<Declaration["schemaRegistryConfig"]>;

/** `place` begins each fault. A fault names members, never the content of a secret. */
export function readSchemaRegistry(
  { schemaRegistryConfig: registry }: Declaration,
  place: string,
  settings: Pick<TriggerSettings, "secrets" | "registryVariables">,
): ReadRegistry {
  if (registry === undefined) return { faults: [] };
  const { eventRecordFormat: format, schemaValidationConfigs } = registry;
  const attributes = schemaValidationConfigs.map(({ attribute }) => (attribute === "KEY" ? ("key" as const) : ("value" as const)));
  try {
    return { schemas: { format, attributes, deserializer: openDeserializer(registry, settings) }, faults: [] };
  } catch (thrown) {
    return { faults: [`${place}.schemaRegistryConfig: ${(thrown as Error).message}`] };
  }
}

function openDeserializer(registry: Registry, { secrets, registryVariables }: Pick<TriggerSettings, "secrets" | "registryVariables">) {
  const uri = registry.schemaRegistryURI;
  const registryName = typeof uri === "string" ? /^arn:[^:]*:glue:[^:]*:[^:]*:registry\/(.+)$/.exec(uri)?.[1] : undefined;
  if (registryName !== undefined) {
    const region = (uri as string).split(":")[3];
    return createDeserializer({ glue: createGlueRegistry({ registryName, region: region === "" ? undefined : region }), validates: true });
  }
  const isOverridden = registryVariables.SCHEMA_REGISTRY_URL !== undefined;
  if (!isOverridden && typeof uri !== "string")
    throw new Error("schemaRegistryURI is known only after the deployment; set SCHEMA_REGISTRY_URL to a registry for this machine");
  const variables = isOverridden ? registryVariables : { SCHEMA_REGISTRY_URL: uri as string, ...loginOf(registry, secrets) };
  // Everything is text here: nothing is read from the cloud.
  const confluent = openRegistry(parseConfig(variables), async (text) => text);
  return createDeserializer({ confluent, validates: true });
}

/** Which members of a secret are which variables (https://docs.aws.amazon.com/lambda/latest/api/API_KafkaSchemaRegistryAccessConfig.html). */
const members: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  BASIC_AUTH: { username: "SCHEMA_REGISTRY_USERNAME", password: "SCHEMA_REGISTRY_PASSWORD" },
  CLIENT_CERTIFICATE_TLS_AUTH: { certificate: "SCHEMA_REGISTRY_CERT", privateKey: "SCHEMA_REGISTRY_KEY" },
  SERVER_ROOT_CA_CERTIFICATE: { certificate: "SCHEMA_REGISTRY_CA" },
  OAUTHBEARER_AUTH: {
    oauthTokenEndpointUrl: "SCHEMA_REGISTRY_OAUTH_TOKEN_URL",
    oauthClientId: "SCHEMA_REGISTRY_OAUTH_CLIENT_ID",
    oauthClientSecret: "SCHEMA_REGISTRY_OAUTH_CLIENT_SECRET",
  },
};

/** Without the content of its secret, a registry is asked without a login, as brokers are. */
function loginOf({ accessConfigs = [] }: Registry, secrets: TriggerSettings["secrets"]): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const { type, uri } of accessConfigs) {
    if (typeof uri !== "string" || !(uri in secrets)) continue;
    const secret = toObject(secrets[uri]);
    for (const [member, variable] of Object.entries(members[type] ?? {})) {
      const value = secret?.[member];
      if (typeof value !== "string")
        throw new Error(`custom.kafkaTrigger.secrets[${JSON.stringify(uri)}] lacks ${member}, which ${type} needs`);
      variables[variable] = value;
    }
  }
  return variables;
}

/** A secret is a map, or the JSON text that Secrets Manager would hold. */
function toObject(secret: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof secret === "object" && secret !== null) return secret as Readonly<Record<string, unknown>>;
  try {
    return typeof secret === "string" ? toObject(JSON.parse(secret) as unknown) : undefined;
  } catch {
    return undefined;
  }
}
