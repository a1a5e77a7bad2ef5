/** A Kafka cluster as this project uses it: made once an environment, on first use. */
import type { Connection } from "./connection.js";
import type { Metadata } from "./metadata.js";
import type { Producer } from "./producer.js";
import type { Reader } from "./reader.js";

export interface Kafka {
  /** For everything that is no long poll: its sockets have an idle timeout. */
  readonly connection: Connection;
  readonly metadata: Metadata;
  readonly producer: Producer;
  readonly reader: Reader;
  /** Within 200 ms, whatever the brokers do. */
  readonly close: () => Promise<void>;
}
