/**
 * Writing records: every record gets its own outcome, and what is acknowledged is in Kafka, once. Each partition has one batch in progress at a time, under a
 * producer id and a sequence by which brokers recognize it.
 */
import type { Deadline } from "../../deadline.js";
import type { ClusterIdentity } from "../cluster-identity.js";
import type { Connection } from "../connection.js";
import type { Metadata } from "../metadata.js";
import type { OutgoingRecord, TopicName } from "../records.js";
import { ProduceCall } from "./call.js";
import { producerClosed } from "./failed-records.js";
import { commonFailure, type ProduceOutcome } from "./outcome.js";
import { PartitionFlow } from "./partition-flow.js";
import { planRecords } from "./plan.js";
import { createProducedTopics } from "./produced-topics.js";
import { createProducerIds } from "./producer-ids.js";

export interface Producer {
  /** Asks for a producer id before the first records come, while their sender asks for other things. `produce` reports its failure. */
  readonly prepare: (deadline: Deadline) => void;
  /**
   * One outcome per record, in the order given. Rejects only for a failure that all of them share and after which none of them is in Kafka
   * (`topic-not-found`, `kafka-unreachable`, `kafka-forbidden`, `too-many-requests`...); everything else is an outcome.
   * A failed outcome says in `error.failure.written` whether the record may be in Kafka. Records of one partition keep their order.
   */
  readonly produce: (topic: TopicName, records: readonly OutgoingRecord[], deadline: Deadline) => Promise<readonly ProduceOutcome[]>;
  readonly close: () => Promise<void>;
}

interface ProducerOptions {
  readonly idempotence: boolean;
  readonly compression: "none" | "gzip";
  /** How long a leader waits for its replicas: less than we wait for the leader. */
  readonly ackTimeoutMs: number;
  /** Creates a topic that does not exist; absent: producing to it fails. */
  readonly createTopic?: (topic: TopicName, deadline: Deadline) => Promise<void>;
}

interface Cluster {
  readonly connection: Connection;
  readonly metadata: Metadata;
  readonly identity?: ClusterIdentity;
}

export function createProducer({ connection, metadata, identity }: Cluster, options: ProducerOptions): Producer {
  const { compression, ackTimeoutMs } = options;
  const ids = createProducerIds(connection, options.idempotence);
  const topics = createProducedTopics(connection, metadata, options.createTopic, (line) => flow.leaderMoved(line));
  const flow = new PartitionFlow({ connection, identity, ids, topicOf: topics.of, compression, ackTimeoutMs });
  let isClosed = false;
  identity?.onChange(() => {
    ids.forget();
    for (const line of topics.lines()) line.clusterChanged();
  });

  return {
    prepare: (deadline) => {
      if (!isClosed && ids.known() === undefined) ids.shared(deadline).catch(() => undefined);
    },
    produce: async (name, records, deadline) => {
      if (isClosed) throw producerClosed();
      if (records.length === 0) return [];
      const [topic] = await Promise.all([topics.find(name, records, deadline), ids.known() ?? ids.shared(deadline)]);
      const plan = planRecords(records, topic.partitionsCount, topic.chooser());
      const call = new ProduceCall(records.length, deadline);
      flow.begin(topic.enlist(call, plan));
      const outcomes = await call.ended;
      const failure = commonFailure(outcomes);
      if (failure !== undefined) throw failure;
      return outcomes;
    },
    close: async () => {
      isClosed = true;
      flow.close();
    },
  };
}
