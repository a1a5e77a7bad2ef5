/** Where secrets come from: `env:NAME` (which may hold an ARN), a Secrets Manager ARN (optionally with `#field` of its JSON), or the text itself. Values are kept for a while, never logged. */
import { secretFromEnvironment } from "./config.js";
import { RelayError } from "./errors.js";

export type ReadSecret = (reference: string, options?: { readonly refresh?: boolean }) => Promise<string>;

export interface SecretSource {
  /** How long a value read from Secrets Manager is kept; 300,000 ms where absent. */
  readonly keptMs?: number;
  /** The value of an environment variable; the process's own where absent. */
  readonly environment?: (name: string) => string | undefined;
  /** `SecretString` of a secret; AWS Secrets Manager where absent. */
  readonly secretsManager?: (arn: string, region: string) => Promise<string>;
  readonly now?: () => number;
}

const arnPattern = /^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:[^#]+$/;
/** A token that was just rotated is asked for again at most this often, whatever a target says. */
const refreshMsMin = 5_000;
const requestTimeoutMs = 5_000;

/** Reads secrets by reference. Throws `bad-configuration` where a reference leads nowhere, `target-failed` where Secrets Manager cannot be asked now. */
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
    throw new RelayError("bad-configuration", `The environment variable ${name} is not set, and a route reads a secret from it.`);
  };

  return async (given, options) => {
    // A deployed variable names its secret, so that the secret itself stands in no template.
    const reference = given.startsWith("env:") ? fromEnvironment(given.slice("env:".length)) : given;
    if (!reference.startsWith("arn:")) return reference;
    const [arn = "", field] = reference.split("#", 2);
    const region = arnPattern.exec(arn)?.[1];
    if (region === undefined) {
      throw new RelayError("bad-configuration", `${arn} is no ARN of a secret: arn:aws:secretsmanager:<region>:<account>:secret:<name>.`);
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
    throw new RelayError("bad-configuration", `The secret ${arn} is no JSON, so it has no field ${JSON.stringify(field)}.`);
  }
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new RelayError("bad-configuration", `The secret ${arn} has no text in its field ${JSON.stringify(field)}.`);
}

async function askSecretsManager(arn: string, region: string): Promise<string> {
  const { SecretsManagerClient, GetSecretValueCommand } = await import("@aws-sdk/client-secrets-manager");
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
    throw new RelayError("target-failed", `Secrets Manager could not be asked for ${arn}: ${name}.`, { cause: thrown });
  } finally {
    client.destroy();
  }
  throw new RelayError("bad-configuration", `The secret ${arn} holds bytes, and text is needed.`);
}
