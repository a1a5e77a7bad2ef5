/**
 * How a mapping logs in (https://docs.aws.amazon.com/lambda/latest/dg/kafka-cluster-auth.html): the content of its secrets is set on this machine and never fetched
 * from the cloud. Without it the cluster is reached without a login, since a local broker usually needs none.
 */
import type { SaslOptions, TlsOptions } from "../../../../lib/kafka/security.js";
import type { Declaration } from "../declaration/members.js";
import type { TriggerSettings } from "./settings.js";

export interface Security {
  readonly sasl?: SaslOptions;
  readonly tls?: TlsOptions;
}

interface ReadSecurity {
  readonly security: Security;
  readonly faults: readonly string[];
}

const mechanisms = {
  saslPlainAuth: "plain",
  saslScram256Auth: "scram-sha-256",
  saslScram512Auth: "scram-sha-512",
  /** Of an `msk` event. */
  saslScram512: "scram-sha-512",
} as const;

/** `place` begins each fault. A fault names members, never the content of a secret. */
export function readSecurity(
  declaration: Declaration,
  place: string,
  { secrets, tls }: Pick<TriggerSettings, "secrets" | "tls">,
): ReadSecurity {
  const faults: string[] = [];
  const access: Readonly<Record<string, unknown>> = "accessConfigurations" in declaration ? declaration.accessConfigurations : declaration;
  const find = (name: string, members: readonly string[]): Readonly<Record<string, string>> | undefined => {
    const given = access[name];
    const arn: unknown = Array.isArray(given) ? given[0] : given;
    if (typeof arn !== "string" || !(arn in secrets)) return undefined;
    const secret = toObject(secrets[arn]);
    const missing = members.filter((member) => typeof secret?.[member] !== "string");
    if (secret === undefined || missing.length > 0) {
      faults.push(`${place}: custom.kafkaTrigger.secrets[${JSON.stringify(arn)}] lacks ${missing.join(" and ")}, which ${name} needs`);
      return undefined;
    }
    return secret as Readonly<Record<string, string>>;
  };

  let sasl: SaslOptions | undefined;
  for (const [name, mechanism] of Object.entries(mechanisms)) {
    const login = find(name, ["username", "password"]);
    if (login !== undefined) sasl ??= { mechanism, username: login.username as string, password: login.password as string };
  }
  const client = find("clientCertificateTlsAuth", ["certificate", "privateKey"]);
  const root = find("serverRootCaCertificate", ["certificate"]);
  // On AWS a login always uses TLS; `tls: false` is for a local broker.
  const hasTls = tls ?? (sasl !== undefined || client !== undefined || root !== undefined);
  const tlsOptions: TlsOptions = {
    ...(root === undefined ? {} : { ca: root.certificate as string }),
    ...(client === undefined ? {} : { cert: client.certificate as string, key: client.privateKey as string }),
    ...(client?.privateKeyPassword === undefined ? {} : { passphrase: client.privateKeyPassword }),
  };
  return { security: { ...(sasl === undefined ? {} : { sasl }), ...(hasTls ? { tls: tlsOptions } : {}) }, faults };
}

/** A secret is a map, or the JSON text that Secrets Manager would hold. */
function toObject(secret: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof secret === "object" && secret !== null) return secret as Readonly<Record<string, unknown>>;
  if (typeof secret !== "string") return undefined;
  try {
    return toObject(JSON.parse(secret) as unknown);
  } catch {
    return undefined;
  }
}
