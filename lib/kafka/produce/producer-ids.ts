/** Producer ids, by which brokers recognize a batch that is sent again: one for all partitions, and a new one for a partition that needs another. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
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

const firstPauseMs = 20;
const pauseMaxMs = 500;

export function createProducerIds(connection: Connection, isIdempotent: boolean): ProducerIds {
  let shared: ProducerIdentity | undefined = isIdempotent ? undefined : anonymous;
  let asking: Promise<ProducerIdentity> | undefined;
  let timesForgotten = 0;

  /** One question for all who come meanwhile. */
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
          // The one who asked may have had less time than we do.
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

/** Asking twice is harmless: the cluster forgets an id that nobody uses. */
async function askForProducerId(connection: Connection, deadline: Deadline): Promise<ProducerIdentity> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMaxMs, pauseMs * 2)) {
    let failure: RelayError;
    try {
      const args = { transactionalId: null, transactionTimeoutMs: 0 };
      const { errorCode, producerId, producerEpoch } = await connection.request(initProducerIdApi, args, "any", deadline);
      if (errorCode === 0) return { producerId, producerEpoch };
      if (kafkaError(errorCode).failure === "kafka-forbidden") throw idempotenceForbidden(errorCode);
      const { name } = kafkaError(errorCode);
      failure = new RelayError("kafka-retriable", `Kafka does not give a producer id at the moment (${name}).`, { kafkaCode: errorCode });
    } catch (error) {
      const isWorthAnother = error instanceof RelayError && (error.code === "kafka-unreachable" || error.code === "maybe-written");
      if (!isWorthAnother) throw error;
      failure = error.code === "maybe-written" ? new RelayError("kafka-unreachable", error.message, { cause: error }) : error;
    }
    if (deadline.leftMs() <= pauseMs) throw failure;
    await sleep(pauseMs);
  }
}
