/** The environment variables, checked once and frozen. The only file of lib that reads `process.env`. One message reports all faults. */
import * as v from "valibot";
import { RelayError } from "./errors.js";
import { nameList } from "./option-values.js";
import { rightValueOf } from "./schema-words.js";

const text = v.pipe(v.string(), v.trim(), v.nonEmpty());
const count = (min: number, max: number) =>
  v.pipe(v.string(), v.regex(/^\d+$/, "must be a whole number"), v.transform(Number), v.minValue(min), v.maxValue(max));
const flag = v.pipe(
  v.picklist(["true", "false"]),
  v.transform((value) => value === "true"),
);

function toRouteSources(list: string): ReadonlyMap<string, readonly string[]> {
  return new Map(
    list.split(/\s+/).map((one) => {
      const [route = "", topics = ""] = one.split("=");
      return [route, topics.split(",")] as const;
    }),
  );
}

/** A key set decides who is let in, so it must come over TLS; only this machine is exempt. */
const keySetAddress = v.pipe(
  text,
  v.check((address) => {
    if (!URL.canParse(address)) return false;
    const { protocol, hostname } = new URL(address);
    return protocol === "https:" || (protocol === "http:" && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname));
  }, "must be an https:// address (http:// is accepted for this machine only)"),
);

/** Every variable: name, form and default. A test compares `docs/configuration.md` with it. */
export const environment = v.object({
  KAFKA_BROKERS: v.optional(
    v.pipe(
      text,
      v.transform((list) => list.split(",").map((broker) => broker.trim())),
    ),
  ),
  KAFKA_CLIENT_ID: v.optional(text, "kafka-relay"),
  KAFKA_SSL: v.optional(flag, "false"),
  KAFKA_SSL_CA: v.optional(text),
  KAFKA_SSL_CERT: v.optional(text),
  KAFKA_SSL_KEY: v.optional(text),
  KAFKA_SSL_SECRET_ARN: v.optional(text),
  KAFKA_SSL_CA_SECRET_ARN: v.optional(text),
  KAFKA_SASL_MECHANISM: v.optional(v.picklist(["plain", "scram-sha-256", "scram-sha-512", "aws-iam", "oauthbearer"])),
  KAFKA_SASL_USERNAME: v.optional(text),
  KAFKA_SASL_PASSWORD: v.optional(text),
  KAFKA_SASL_SECRET_ARN: v.optional(text),
  KAFKA_SASL_OAUTH_TOKEN_URL: v.optional(v.pipe(text, v.regex(/^https?:\/\/[^\s/]/, "must start with https:// or http://"))),
  KAFKA_SASL_OAUTH_CLIENT_ID: v.optional(text),
  KAFKA_SASL_OAUTH_CLIENT_SECRET: v.optional(text),
  KAFKA_SASL_OAUTH_SCOPE: v.optional(text),
  KAFKA_SASL_OAUTH_PARAMETERS: v.optional(
    v.pipe(text, v.regex(/^[^=&\s]+=[^=&\s]*(&[^=&\s]+=[^=&\s]*)*$/, "must be form-encoded: name=value&name=value")),
  ),
  KAFKA_SASL_OAUTH_CLIENT_AUTHENTICATION: v.optional(v.picklist(["basic", "body"]), "basic"),
  KAFKA_SASL_OAUTH_EXTENSIONS: v.optional(
    v.pipe(
      text,
      v.regex(
        /^[A-Za-z]+=[\x21-\x2b\x2d-\x7e]+(,[A-Za-z]+=[\x21-\x2b\x2d-\x7e]+)*$/,
        "must be name=value,name=value with names of letters",
      ),
    ),
  ),
  KAFKA_SASL_OAUTH_CA: v.optional(text),
  KAFKA_IDEMPOTENCE: v.optional(v.picklist(["on", "off"]), "on"),
  KAFKA_COMPRESSION: v.optional(v.picklist(["none", "gzip"]), "none"),
  KAFKA_AUTO_CREATE_TOPICS: v.optional(flag, "false"),
  KAFKA_CONNECT_TIMEOUT_MS: v.optional(count(100, 60_000), "5000"),
  KAFKA_REQUEST_TIMEOUT_MS: v.optional(count(100, 60_000), "4000"),
  SCHEMA_REGISTRY_URL: v.optional(text),
  SCHEMA_REGISTRY_USERNAME: v.optional(text),
  SCHEMA_REGISTRY_PASSWORD: v.optional(text),
  SCHEMA_REGISTRY_TOKEN: v.optional(text),
  SCHEMA_REGISTRY_OAUTH_TOKEN_URL: v.optional(v.pipe(text, v.regex(/^https?:\/\/[^\s/]/, "must start with https:// or http://"))),
  SCHEMA_REGISTRY_OAUTH_CLIENT_ID: v.optional(text),
  SCHEMA_REGISTRY_OAUTH_CLIENT_SECRET: v.optional(text),
  SCHEMA_REGISTRY_OAUTH_SCOPE: v.optional(text),
  SCHEMA_REGISTRY_LOGICAL_CLUSTER: v.optional(text),
  SCHEMA_REGISTRY_IDENTITY_POOL: v.optional(text),
  SCHEMA_REGISTRY_CA: v.optional(text),
  SCHEMA_REGISTRY_CERT: v.optional(text),
  SCHEMA_REGISTRY_KEY: v.optional(text),
  GLUE_REGISTRY: v.optional(text),
  RELAY_ACCESS: v.optional(v.picklist(["everything", "grants"]), "grants"),
  RELAY_ACCESS_GRANTS: v.optional(text),
  RELAY_ACCESS_GRANTS_FROM: v.optional(
    v.pipe(text, v.regex(/^(s3|dynamodb|appconfig):\/\//, "must start with s3://, dynamodb:// or appconfig://")),
  ),
  RELAY_ACCESS_GRANTS_RELOAD_SECONDS: v.optional(count(5, 9_999), "60"),
  RELAY_TOPIC_PREFIX: v.optional(v.pipe(text, v.regex(/^[A-Za-z0-9._-]{1,200}$/, "must be the beginning of topic names"))),
  RELAY_JWT_PUBLIC_KEY: v.optional(text),
  RELAY_JWT_JWKS_URL: v.optional(keySetAddress),
  RELAY_JWT_ISSUER: v.optional(text),
  RELAY_JWT_AUDIENCE: v.optional(text),
  RELAY_JWT_SCOPE_CLAIMS: v.optional(nameList, "scope,scp"),
  RELAY_JWT_GROUPS_CLAIM: v.optional(text),
  RELAY_BASE_PATH: v.optional(
    v.pipe(text, v.regex(/^\/[A-Za-z0-9._~-]+(\/[A-Za-z0-9._~-]+)*$/, "must start with a slash, such as /kafka")),
  ),
  RELAY_LOG_LEVEL: v.optional(v.picklist(["debug", "info", "warn", "error"]), "info"),
  RELAY_EVENT_RECORD_FORMAT: v.optional(v.picklist(["JSON", "SOURCE"])),
  RELAY_PARTIAL_RESPONSES: v.optional(flag, "false"),
  MSK_CLUSTER_ARN: v.optional(text),
  MSK_NETWORK: v.optional(v.picklist(["private", "public", "multi-vpc", "ipv6"]), "private"),
  AWS_REGION: v.optional(text),
  AWS_ACCESS_KEY_ID: v.optional(text),
  AWS_SECRET_ACCESS_KEY: v.optional(text),
  AWS_SESSION_TOKEN: v.optional(text),
  RELAY_NAMESPACE: v.optional(v.pipe(text, v.regex(/^[^/\s]+$/, "must not contain slashes or spaces"))),
  RELAY_STAGE: v.optional(v.pipe(text, v.regex(/^[A-Za-z0-9-]{1,128}$/, "must consist of letters, digits and hyphens"))),
  RELAY_REQUEST_LOG: v.optional(v.picklist(["on", "off"]), "off"),
  RELAY_METRICS: v.optional(v.picklist(["emf", "off"]), "emf"),
  RELAY_ALLOW_PRIVATE_ADDRESSES: v.optional(flag, "false"),
  RELAY_PRODUCE_RECORDS_MAX: v.optional(count(1, 10_000), "10000"),
  RELAY_REQUEST_BYTES_MAX: v.optional(count(100_000, 67_108_864), "16777216"),
  RELAY_EVENTS_CONTENT_MODE: v.optional(v.picklist(["binary", "structured"]), "binary"),
  RELAY_EVENTS_KEY: v.optional(v.picklist(["partitionkey", "none"]), "partitionkey"),
  RELAY_FUNCTION_PREFIX: v.optional(text),
  RELAY_FUNCTION_QUALIFIER: v.optional(v.pipe(text, v.regex(/^[A-Za-z0-9_-]{1,128}$/, "must be the name of an alias"))),
  RELAY_ROUTES: v.optional(
    v.pipe(
      text,
      v.regex(
        /^[a-z0-9-]+=[A-Za-z0-9._-]+(,[A-Za-z0-9._-]+)*(\s+[a-z0-9-]+=[A-Za-z0-9._-]+(,[A-Za-z0-9._-]+)*)*$/,
        "must be a list of <route>=<topic>[,<topic>...], separated by spaces",
      ),
      v.transform(toRouteSources),
    ),
  ),
  RELAY_SOURCES: v.optional(
    v.pipe(
      text,
      v.regex(/^[a-z0-9-]+(\s+[a-z0-9-]+)*$/, "must be a list of sources, separated by spaces"),
      v.transform((list) => list.split(/\s+/)),
    ),
  ),
  RELAY_CANARY_TOPIC: v.optional(text, "kafka-relay-canary"),
  RELAY_CANARY_MAPPINGS: v.optional(
    v.pipe(text, v.regex(/^\w+=\S+( \w+=\S+)*$/, "must be a list of <function>=<id of its mapping>, separated by spaces")),
  ),
  RELAY_FUNCTION_ENDPOINT: v.optional(text),
  RELAY_TRIGGER_STATUS_URL: v.optional(v.pipe(text, v.url("must be an address, such as http://127.0.0.1:3003/_kafka-trigger"))),
  RELAY_CONSOLE: v.optional(v.picklist(["on", "off"]), "off"),
  RELAY_CONSOLE_READ_ONLY: v.optional(flag, "false"),
  RELAY_CONSOLE_ISSUER: v.optional(v.pipe(text, v.regex(/^https?:\/\/[^\s/]/, "must start with https:// or http://"))),
  RELAY_CONSOLE_CLIENT_ID: v.optional(text),
  RELAY_CONSOLE_CONNECT: v.optional(nameList, ""),
  RELAY_CONSOLE_SCOPE: v.optional(text, "openid"),
});

type Environment = v.InferOutput<typeof environment>;
export type Config = Readonly<Environment>;

/** Checks an environment. Throws `bad-configuration` with every variable that is not valid, and never with its value. An empty variable counts as missing, because deployments cannot unset one. */
export function parseConfig(env: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const result = v.safeParse(environment, given);
  if (result.success) return Object.freeze(result.output);
  const faults = result.issues.map((issue) => `${v.getDotPath(issue) ?? "?"}: ${rightValueOf(issue)}`);
  throw new RelayError("bad-configuration", `The configuration is not valid:\n  ${faults.join("\n  ")}`);
}

let current: Config | undefined;

/** The configuration of this process, read on first use. */
export function config(): Config {
  current ??= parseConfig(process.env);
  return current;
}

/** A variable that a route names as the place of a secret (`env:NAME`). It is read each time, because there is nothing to check. */
export function secretFromEnvironment(name: string): string | undefined {
  return process.env[name];
}

/** The file with more certificate authorities, which Node reads when it starts (https://nodejs.org/api/cli.html#node_extra_ca_certsfile). */
export function extraAuthoritiesFile(): string | undefined {
  return process.env.NODE_EXTRA_CA_CERTS || undefined;
}

/** The base path of a custom domain in front of the API, such as "/kafka". It is read each time, before a configuration that is not valid is reported. */
export function basePath(): string | undefined {
  return process.env.RELAY_BASE_PATH || undefined;
}
