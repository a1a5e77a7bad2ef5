/** The Kafka versions that can run here, and the differences between them. */

export interface KafkaVersion {
  readonly version: string;
  /** Maven coordinates (groupId:artifactId:version) of the server, and of the logging library that its pom omits. */
  readonly artifacts: readonly string[];
  readonly coordination: "kraft" | "zookeeper";
  readonly logging: "log4j2" | "log4j1";
  /** StandardAuthorizer works with KRaft only; ZooKeeper has its own. */
  readonly authorizer: string;
}

const kraftAuthorizer = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";

const kafka4 = (version: string, log4j: string): KafkaVersion => ({
  version,
  // log4j-slf4j-impl, not -slf4j2-impl: Kafka 4 ships slf4j-api 1.7, with which the latter logs nothing.
  artifacts: [`org.apache.kafka:kafka_2.13:${version}`, `org.apache.logging.log4j:log4j-slf4j-impl:${log4j}`],
  coordination: "kraft",
  logging: "log4j2",
  authorizer: kraftAuthorizer,
});

export const versions = {
  "4.1.1": kafka4("4.1.1", "2.24.3"),
  "4.4.0": kafka4("4.4.0", "2.25.3"),
  "3.9.1": {
    version: "3.9.1",
    artifacts: ["org.apache.kafka:kafka_2.13:3.9.1", "ch.qos.reload4j:reload4j:1.2.25", "org.slf4j:slf4j-reload4j:1.7.36"],
    coordination: "kraft",
    logging: "log4j1",
    authorizer: kraftAuthorizer,
  },
  "2.8.1": {
    version: "2.8.1",
    artifacts: ["org.apache.kafka:kafka_2.13:2.8.1", "org.slf4j:slf4j-log4j12:1.7.30"],
    coordination: "zookeeper",
    logging: "log4j1",
    authorizer: "kafka.security.authorizer.AclAuthorizer",
  },
} as const satisfies Record<string, KafkaVersion>;

export type KafkaVersionName = keyof typeof versions;

/** The default version; local/docker-compose.yml pins the same one. */
export const defaultVersion: KafkaVersionName = "4.1.1";
