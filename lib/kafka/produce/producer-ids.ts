/** Producer ids, under which brokers know a batch that comes again: one for all partitions, and a new one for a partition where something stayed unresolved. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { Connection } from "../connection.js";
import { initProducerIdApi } from "../protocol/produce.js";
import { idempotenceForbidden } from "./produce-verdict.js";

export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** Of a producer that brokers cannot know again. */
export const anonymous: ProducerIdentity = { producerId: -1n, producerEpoch: -1 };

export interface ProducerIds {
  /** The one that partitions begin with, where it is known already. */
  readonly known: () => ProducerIdentity | undefined;
  readonly shared: (deadline: Deadline) => Promise<ProducerIdentity>;
  readonly fresh: (deadline: Deadline) => Promise<ProducerIdentity>;
  /** Another cluster answers: the ids of the old one may be somebody else's there. */
  readonly forget: () => void;
}

const firstPauseMs = 20;
const pauseMaxMs = 500;
const topicForbidden = 29;
const clusterForbidden = 31;
const transactionalIdForbidden = 53;

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
          if (before === timesForgotten) shared = answer; // else it may be the old cluster's
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

/** To ask twice is harmless: an id that nobody uses is forgotten. */
async function askForProducerId(connection: Connection, deadline: Deadline): Promise<ProducerIdentity> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMaxMs, pauseMs * 2)) {
    let failure: RelayError;
    try {
      const args = { transactionalId: null, transactionTimeoutMs: 0 };
      const { errorCode, producerId, producerEpoch } = await connection.request(initProducerIdApi, args, "any", deadline);
      if (errorCode === 0) return { producerId, producerEpoch };
      if (errorCode === topicForbidden || errorCode === clusterForbidden || errorCode === transactionalIdForbidden)
        throw idempotenceForbidden(errorCode);
      failure = new RelayError("kafka-retriable", `Kafka gives no producer id at the moment: error ${errorCode}.`, {
        kafkaCode: errorCode,
      });
    } catch (error) {
      const isWorthAnother = error instanceof RelayError && (error.code === "kafka-unreachable" || error.code === "maybe-written");
      if (!isWorthAnother) throw error;
      failure = error.code === "maybe-written" ? new RelayError("kafka-unreachable", error.message, { cause: error }) : error;
    }
    if (deadline.leftMs() <= pauseMs) throw failure;
    await sleep(pauseMs);
  }
}
