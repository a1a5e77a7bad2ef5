/** Producer ids, by which brokers recognize a batch that is sent again: one for all partitions, and a new one for a partition that needs another. */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { type AskPolicy, ask, untilDeadline } from "../ask.js";
import type { Connection } from "../connection.js";
import { kafkaError } from "../protocol/error-codes.js";
import { initProducerIdApi } from "../protocol/produce.js";
import { idempotenceForbidden } from "./produce-verdict.js";

export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** For a producer whose batches brokers cannot recognize. */
const anonymous: ProducerIdentity = { producerId: -1n, producerEpoch: -1 };

export interface ProducerIds {
  /** The id that partitions begin with, if it is known already. */
  readonly known: () => ProducerIdentity | undefined;
  readonly shared: (deadline: Deadline) => Promise<ProducerIdentity>;
  readonly fresh: (deadline: Deadline) => Promise<ProducerIdentity>;
  /** Another cluster answers, where somebody else may have the ids of the old one. */
  readonly forget: () => void;
}

export function createProducerIds(connection: Connection, isIdempotent: boolean): ProducerIds {
  let shared: ProducerIdentity | undefined = isIdempotent ? undefined : anonymous;
  let asking: Promise<ProducerIdentity> | undefined;
  let timesForgotten = 0;

  /** Callers that come meanwhile wait for the same answer. */
  const ask = (deadline: Deadline): Promise<ProducerIdentity> => {
    const own = fresh(deadline).finally(() => {
      if (asking === own) asking = undefined;
    });
    asking = own;
    return own;
  };
  const fresh = (deadline: Deadline) => (isIdempotent ? askForProducerId(connection, deadline) : Promise.resolve(anonymous));

  return {
    known: () => shared,
    fresh,
    shared: async (deadline) => {
      for (;;) {
        if (shared !== undefined) return shared;
        const isOurs = asking === undefined;
        const before = timesForgotten;
        try {
          const answer = await (asking ?? ask(deadline));
          if (before === timesForgotten) shared = answer; // else it may be an id of the old cluster
        } catch (error) {
          // The earlier caller may have had less time than this one.
          if (isOurs || deadline.leftMs() <= 0 || (error as RelayError).code === "kafka-forbidden") throw error;
        }
      }
    },
    forget: () => {
      timesForgotten++;
      asking = undefined;
      if (isIdempotent) shared = undefined;
    },
  };
}

/** Until the deadline, because nothing can be sent without an id. Unexplained errors are repeated too: a broker that has just started may return them. */
const policy: AskPolicy = {
  ...untilDeadline,
  firstMs: 20,
  maxMs: 500,
  attempts: { ...untilDeadline.attempts, "kafka-refused": Number.POSITIVE_INFINITY },
};

/** Asking twice is harmless: the cluster forgets an unused id. */
async function askForProducerId(connection: Connection, deadline: Deadline): Promise<ProducerIdentity> {
  const args = { transactionalId: null, transactionTimeoutMs: 0 };
  const options = {
    codes: ({ errorCode }: { readonly errorCode: number }) => (errorCode === 0 ? [] : [errorCode]),
    isRepeatable: true,
    policy,
  };
  const { errorCode, producerId, producerEpoch } = await ask({ connection }, initProducerIdApi, args, "any", deadline, options).catch(
    toNoId,
  );
  if (errorCode === 0) return { producerId, producerEpoch };
  const { failure, name } = kafkaError(errorCode);
  if (failure === "kafka-forbidden") throw idempotenceForbidden(errorCode);
  throw new RelayError("kafka-retriable", `Kafka does not give a producer id at the moment (${name}).`, { kafkaCode: errorCode });
}

/** A lost answer costs an id, never a record: it is not a record that may have been written. */
function toNoId(error: unknown): never {
  if (error instanceof RelayError && error.code === "maybe-written")
    throw new RelayError("kafka-unreachable", error.message, { cause: error });
  throw error;
}
