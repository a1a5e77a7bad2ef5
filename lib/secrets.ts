/** Where secrets come from: `env:NAME` (which may hold an ARN), a Secrets Manager ARN (optionally with `#field` of its JSON), or the text itself. Values are kept for some minutes and never logged. */
import { secretFromEnvironment } from "./config.js";
import { RelayError } from "./errors.js";
import { installed } from "./installed.js";

export type ReadSecret = (reference: string, options?: { readonly refresh?: boolean }) => Promise<string>;

export interface SecretSource {
  /** How long a value from Secrets Manager is kept; 300,000 ms by default. */
  readonly keptMs?: number;
  /** Reads an environment variable; by default one of this process. */
  readonly environment?: (name: string) => string | undefined;
  /** Reads the `SecretString` of a secret; by default from AWS Secrets Manager. */
  readonly secretsManager?: (arn: string, region: string) => Promise<string>;
  readonly now?: () => number;
}

const arnPattern = /^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:[^#]+$/;
/** However often a target refuses a secret, it is read again at most this often. */
const refreshMsMin = 5_000;
const requestTimeoutMs = 5_000;

/** Reads secrets by reference. Throws `bad-configuration` if a reference leads nowhere, `target-failed` if Secrets Manager does not answer. */
export function createSecrets(source: SecretSource = {}): ReadSecret {
  const { keptMs = 300_000, environment = secretFromEnvironment, secretsManager = askSecretsManager, now = Date.now } = source;
  const kept = new Map<string, { readonly text: Promise<string>; readonly readAtMs: number }>();

  const readKept = (arn: string, region: string, isRefresh: boolean): Promise<string> => {
    const present = kept.get(arn);
    const ageMs = present === undefined ? Number.POSITIVE_INFINITY : now() - present.readAtMs;
    if (present !== undefined && ageMs < (isRefresh ? refreshMsMin : keptMs)) return present.text;
    const text = secretsManager(arn, region);
    kept.set(arn, { text, readAtMs: now() });
    text.catch(() => kept.delete(arn));
    return text;
  };

  const fromEnvironment = (name: string): string => {
    const value = environment(name);
    if (value !== undefined && value !== "") return value;
    throw new RelayError("bad-configuration", `The environment variable ${name} is not set. A route reads a secret from it.`);
  };

  return async (given, options) => {
    // A deployed variable holds the ARN of its secret, so that no template contains the secret.
    const reference = given.startsWith("env:") ? fromEnvironment(given.slice("env:".length)) : given;
    if (!reference.startsWith("arn:")) return reference;
    const [arn = "", field] = reference.split("#", 2);
    const region = arnPattern.exec(arn)?.[1];
    if (region === undefined) {
      throw new RelayError(
        "bad-configuration",
        `${arn} is not the ARN of a secret. It must have the form arn:aws:secretsmanager:<region>:<account>:secret:<name>.`,
      );
    }
    const text = await readKept(arn, region, options?.refresh ?? false);
    return field === undefined ? text : fieldOf(text, field, arn);
  };
}

function fieldOf(text: string, field: string, arn: string): string {
  let value: unknown;
  try {
    value = (JSON.parse(text) as Record<string, unknown>)[field];
  } catch {
    throw new RelayError("bad-configuration", `The secret ${arn} is not JSON, so it has no field ${JSON.stringify(field)}.`);
  }
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new RelayError(
    "bad-configuration",
    `The field ${JSON.stringify(field)} of the secret ${arn} is missing, or is neither text nor a number.`,
  );
}

async function askSecretsManager(arn: string, region: string): Promise<string> {
  const { SecretsManagerClient, GetSecretValueCommand } = await installed(
    "@aws-sdk/client-secrets-manager",
    () => import("@aws-sdk/client-secrets-manager"),
  );
  const client = new SecretsManagerClient({ region, maxAttempts: 2 });
  try {
    const answer = await client.send(new GetSecretValueCommand({ SecretId: arn }), { abortSignal: AbortSignal.timeout(requestTimeoutMs) });
    if (answer.SecretString !== undefined) return answer.SecretString;
  } catch (thrown) {
    const name = thrown instanceof Error ? thrown.name : "";
    const isOurs = ["ResourceNotFoundException", "AccessDeniedException", "InvalidRequestException", "InvalidParameterException"].includes(
      name,
    );
    if (isOurs) throw new RelayError("bad-configuration", `The secret ${arn} cannot be read: ${name}.`, { cause: thrown });
    throw new RelayError("target-failed", `Secrets Manager did not return the secret ${arn}: ${name}.`, { cause: thrown });
  } finally {
    client.destroy();
  }
  throw new RelayError("bad-configuration", `The secret ${arn} is binary. It must be text.`);
}
