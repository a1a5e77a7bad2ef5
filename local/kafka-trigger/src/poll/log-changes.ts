/** What may happen to a partition's log while it is read, and where its lane goes on then. */
import { createDeadline } from "../../../../lib/deadline.js";
import { listOffsets } from "../../../../lib/kafka/list-offsets.js";
import type { Kafka } from "../../../../lib/kafka/port.js";
import { notAnswered, partitionWords } from "../../../../lib/kafka/protocol/kafka-error.js";
import type { PartitionLane } from "./lane.js";

interface LogChangesOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly warn: (line: string) => void;
}

export interface LogChanges {
  /** The topic was deleted and created again: the lane starts over at the first record of the new one. */
  readonly startOver: (lane: PartitionLane, topicId: string) => Promise<void>;
  /** The offset is no longer kept (or the topic was created again): the lane goes on at the first record there is. */
  readonly skipToFirst: (lane: PartitionLane) => Promise<void>;
  /** After an unclean election the new leader has other records from `offset` on than were read: they are read from there. */
  readonly goBack: (lane: PartitionLane, offset: number, epoch: number) => void;
}

const answerTimeoutMs = 30_000;

export function createLogChanges({ kafka, topic, warn }: LogChangesOptions): LogChanges {
  async function firstOffset(partition: number): Promise<number> {
    const [first] = await listOffsets(kafka, [{ topic, partition, at: "earliest" }], createDeadline(answerTimeoutMs));
    if (first === undefined || first.error !== undefined) throw first?.error ?? notAnswered(partitionWords(topic, partition));
    return Number(first.offset);
  }

  return {
    startOver: async (lane, topicId) => lane.startOver(topicId, await firstOffset(lane.partition)),
    skipToFirst: async (lane) => {
      const first = await firstOffset(lane.partition);
      warn(
        `partition ${lane.partition} of ${topic} no longer holds offset ${lane.fetchOffset}; reading continues at ${first}, the first offset that is kept`,
      );
      lane.beginAt(first);
    },
    goBack: (lane, offset, epoch) => {
      const { fetchOffset } = lane;
      lane.goBack(offset, epoch);
      warn(
        `partition ${lane.partition} of ${topic} lost records in an unclean leader election: it had been read up to offset ${fetchOffset}, and is read again from ${lane.fetchOffset}`,
      );
    },
  };
}
