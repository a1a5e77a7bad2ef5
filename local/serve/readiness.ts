/** Whether the brokers answer. Probes come often and from several places, so one answer serves all of them for a second. */
import { createDeadline } from "../../lib/deadline.js";
import { toRelayError } from "../../lib/errors.js";
import type { Kafka } from "../../lib/kafka/kafka.js";

type KafkaState =
  | { readonly status: "up"; readonly cluster_id: string; readonly brokers: number }
  | { readonly status: "down"; readonly message: string };

export interface Readiness {
  readonly check: () => Promise<KafkaState>;
  /** What the last check found. */
  readonly last: () => KafkaState;
}

const checkTimeoutMs = 2_000;
const checkAgeMaxMs = 1_000;

export function createReadiness({ metadata }: Pick<Kafka, "metadata">, now: () => number = Date.now): Readiness {
  let state: KafkaState = { status: "down", message: "The brokers have not been asked yet." };
  let checkedAtMs = Number.NEGATIVE_INFINITY;
  let checking: Promise<KafkaState> | undefined;
  const ask = async (): Promise<KafkaState> => {
    try {
      const { clusterId, brokers } = await metadata.describe([], createDeadline(checkTimeoutMs));
      state = { status: "up", cluster_id: clusterId, brokers: brokers.length };
    } catch (error) {
      state = { status: "down", message: toRelayError(error).message.slice(0, 500) };
    }
    checkedAtMs = now();
    checking = undefined;
    return state;
  };
  return {
    last: () => state,
    check: () => {
      if (now() - checkedAtMs < checkAgeMaxMs) return Promise.resolve(state);
      checking ??= ask();
      return checking;
    },
  };
}
