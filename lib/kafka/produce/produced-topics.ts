/** The topics that are produced to, each made when it is first found in the cluster, or created. */
import type { Deadline } from "../../deadline.js";
import type { Connection } from "../connection.js";
import type { Metadata, TopicMetadata } from "../metadata.js";
import type { OutgoingRecord, TopicName } from "../records.js";
import type { PartitionLine } from "./partition-line.js";
import { isTopicMissing, ProducedTopic } from "./produced-topic.js";

interface ProducedTopics {
  /** The topic with metadata that fits the records: an unknown partition is looked for again, an unknown topic fails or is created. */
  readonly find: (topic: TopicName, records: readonly OutgoingRecord[], deadline: Deadline) => Promise<ProducedTopic>;
  /** A topic that has been produced to. */
  readonly of: (topic: string) => ProducedTopic;
  /** The lines of all partitions of all topics. */
  readonly lines: () => readonly PartitionLine[];
}

export function createProducedTopics(
  connection: Connection,
  metadata: Metadata,
  createTopic: ((topic: TopicName, deadline: Deadline) => Promise<void>) | undefined,
  /** A partition has another leader than before. */
  leaderMoved: (line: PartitionLine) => void,
): ProducedTopics {
  const topics = new Map<string, ProducedTopic>();

  function of(name: string): ProducedTopic {
    const known = topics.get(name);
    if (known !== undefined) return known;
    const topic = new ProducedTopic(name, connection, metadata, leaderMoved);
    topics.set(name, topic);
    return topic;
  }

  /** Undefined: one broker does not know a topic that existed a moment ago, so it is produced to as before. */
  async function describe(name: TopicName, deadline: Deadline): Promise<TopicMetadata | undefined> {
    try {
      return await metadata.topic(name, deadline);
    } catch (error) {
      if (!isTopicMissing(error)) throw error;
      if (createTopic === undefined) {
        if (topics.get(name)?.isMaybeOnlyLate() === true) return undefined;
        throw error;
      }
      await createTopic(name, deadline);
      return metadata.topic(name, deadline, { ageMaxMs: 0 });
    }
  }

  return {
    of,
    lines: () => [...topics.values()].flatMap((topic) => topic.lines),
    find: async (name, records, deadline) => {
      const described = await describe(name, deadline); // first, so that names of missing topics are not remembered
      const topic = of(name);
      if (described !== undefined) topic.learn(described);
      const isUnknown = ({ partition }: OutgoingRecord) => partition !== undefined && partition >= 0 && !topic.has(partition);
      if (records.some(isUnknown)) await topic.refresh(deadline);
      return topic;
    },
  };
}
