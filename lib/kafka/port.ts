/**
 * What the rest of the project may use of a Kafka cluster. A verb that needs less takes less: a part of this is enough for it.
 * `connection` is for everything but long polls, and its sockets have an idle timeout; `openConnection` gives sockets for requests that a broker may hold.
 */
import type { KnowsCluster } from "./cluster-identity.js";
import type { AsksBrokers, OpensConnections } from "./connection.js";
import type { KnowsTopics } from "./metadata.js";
import type { Producer } from "./produce/producer.js";
import type { Reader } from "./read/reader.js";

export interface Kafka extends AsksBrokers, KnowsTopics, OpensConnections, KnowsCluster {
  readonly producer: Producer;
  readonly reader: Reader;
  /** Within 200 ms, whatever the brokers do. */
  readonly close: () => Promise<void>;
}
