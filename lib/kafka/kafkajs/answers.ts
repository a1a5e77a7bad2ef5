/** What a broker's answer means beyond its content: where nothing can have happened, whom to look up again, how long to wait. Pure. */
import { RelayError } from "../../errors.js";
import { type Address, addressKey } from "../brokers.js";
import type { Api } from "../connection.js";
import { kafkaError, type Refresh } from "../protocol/error-codes.js";

/** APIs that change nothing: where no answer came, nothing may have happened. */
const readingKeys: ReadonlySet<number> = new Set([
  1, 2, 3, 9, 10, 15, 16, 18, 23, 29, 32, 35, 46, 48, 50, 55, 60, 61, 66, 69, 74, 75, 77, 89,
]);

/** A request of `api` failed: for one that changes nothing it makes no difference whether it was sent. */
export function toRequestFailure(api: { readonly key: number }, error: unknown): unknown {
  return readingKeys.has(api.key) ? unsentAsUnreachable(error) : error;
}

export function unsentAsUnreachable(error: unknown): unknown {
  if (!(error instanceof RelayError) || error.code !== "maybe-written") return error;
  return new RelayError("kafka-unreachable", error.message, { cause: error.details.cause });
}

export async function decode<Answer>(api: Api<never, Answer>, version: number, body: Buffer, address: Address): Promise<Answer> {
  try {
    return await api.decode(version, body);
  } catch (cause) {
    if (cause instanceof RelayError) throw cause;
    const message = `The response of Kafka at ${addressKey(address)} to ${api.name} cannot be read.`;
    throw new RelayError("kafka-refused", message, { cause, written: "maybe" });
  }
}

export function throttleMsOf(answer: unknown): number {
  return (answer as { readonly throttleMs?: number } | null)?.throttleMs ?? 0;
}

/** Does an answer say, at its top or in one of its entries, that what was believed has to be looked up again? */
export function says(refresh: Refresh, answer: unknown): boolean {
  if (Array.isArray(answer)) return answer.some((entry) => says(refresh, entry));
  if (typeof answer !== "object" || answer === null || Buffer.isBuffer(answer)) return false;
  const { errorCode } = answer as { readonly errorCode?: number };
  return (
    (errorCode !== undefined && kafkaError(errorCode).refresh === refresh) || Object.values(answer).some((entry) => says(refresh, entry))
  );
}

export function unsupported(api: Pick<Api<never, unknown>, "name" | "versions">, address: Address): RelayError {
  const [min, max] = api.versions;
  const versions = min === max ? `version ${min}` : `versions ${min} to ${max}`;
  return new RelayError("unsupported-by-broker", `Kafka at ${addressKey(address)} does not support ${api.name} in ${versions}.`);
}

/** Whom to ask was known from the old cluster, and so perhaps was what is asked. */
export function anotherCluster(address: Address): RelayError {
  return new RelayError(
    "kafka-unreachable",
    `A different Kafka cluster now answers at ${addressKey(address)}, so a request for the old cluster was not sent.`,
  );
}
