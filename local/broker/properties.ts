/** The files that a broker reads at startup: server.properties and the logging configuration, for KRaft and ZooKeeper. */
import type { KafkaVersion } from "./versions.js";

/** A listener in addition to plaintext on the node's own port. */
export interface ExtraListener {
  /** In upper case, as in `listener.name.<name>.*`: "SASL". */
  readonly name: string;
  readonly protocol: "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";
  /** One port per node. */
  readonly ports: readonly number[];
}

export interface NodePlace {
  readonly id: number;
  readonly port: number;
  /** The port of the controllers, or with ZooKeeper, ZooKeeper's own port. */
  readonly controllerPort: number;
}

export interface ClusterLayout {
  readonly version: KafkaVersion;
  readonly nodes: readonly NodePlace[];
  readonly extraListeners: readonly ExtraListener[];
  /** Written last, so that they take precedence. */
  readonly properties: Readonly<Record<string, string>>;
}

/** How long ZooKeeper keeps the session of a killed broker and refuses its successor. */
export const zookeeperSessionMs = 2_000;

/** All brokers listen on this address only. */
const host = "127.0.0.1";

export function serverProperties(layout: ClusterLayout, node: NodePlace, dataFolder: string): string {
  const index = layout.nodes.findIndex(({ id }) => id === node.id);
  const own = [
    { name: "PLAINTEXT", protocol: "PLAINTEXT", port: node.port },
    ...layout.extraListeners.map(({ name, protocol, ports }) => ({ name, protocol, port: ports[index] ?? 0 })),
  ];
  const urls = own.map(({ name, port }) => `${name}://${host}:${port}`).join(",");
  const protocols = own.map(({ name, protocol }) => `${name}:${protocol}`).join(",");
  const isKraft = layout.version.coordination === "kraft";
  const coordination: Record<string, string> = isKraft
    ? {
        "process.roles": "broker,controller",
        "node.id": String(node.id),
        listeners: `${urls},CONTROLLER://${host}:${node.controllerPort}`,
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": `CONTROLLER:PLAINTEXT,${protocols}`,
        "controller.quorum.voters": layout.nodes.map(({ id, controllerPort }) => `${id}@${host}:${controllerPort}`).join(","),
      }
    : {
        "broker.id": String(node.id),
        listeners: urls,
        "listener.security.protocol.map": protocols,
        "zookeeper.connect": `${host}:${layout.nodes[0]?.controllerPort}`,
        "zookeeper.session.timeout.ms": String(zookeeperSessionMs),
      };
  return textOf({
    ...coordination,
    "advertised.listeners": urls,
    "inter.broker.listener.name": "PLAINTEXT",
    "log.dirs": dataFolder,
    // Topics are created explicitly, never by a typo.
    "auto.create.topics.enable": "false",
    // ACL operations need an authorizer. On a laptop, everyone is a super user.
    "authorizer.class.name": layout.version.authorizer,
    "super.users": "User:ANONYMOUS",
    "group.initial.rebalance.delay.ms": "0",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "num.network.threads": "2",
    "num.io.threads": "4",
    ...replication(layout.nodes.length, isKraft),
    ...(isKraft ? shortSession : {}),
    ...(layout.nodes.length > 1 && isKraft ? fastFailover : {}),
    ...layout.properties,
  });
}

/** Internal topics are replicated to every node and stay writable while one node is down. */
function replication(nodes: number, hasShareGroups: boolean): Record<string, string> {
  const factor = String(nodes);
  const minIsr = String(Math.max(1, nodes - 1));
  return {
    "default.replication.factor": factor,
    "min.insync.replicas": minIsr,
    "offsets.topic.replication.factor": factor,
    "offsets.topic.num.partitions": "5",
    "transaction.state.log.replication.factor": factor,
    "transaction.state.log.min.isr": minIsr,
    "transaction.state.log.num.partitions": "5",
    ...(hasShareGroups
      ? { "share.coordinator.state.topic.replication.factor": factor, "share.coordinator.state.topic.min.isr": minIsr }
      : {}),
  };
}

/** Replaces a dead or frozen leader in 3 seconds instead of 9, and lets a killed broker return that much sooner. */
const shortSession = { "broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500" };

const fastFailover = {
  "controller.quorum.fetch.timeout.ms": "1000",
  "replica.lag.time.max.ms": "5000",
  "auto.leader.rebalance.enable": "false",
};

export function zookeeperProperties(port: number, dataFolder: string): string {
  const tickTime = String(zookeeperSessionMs / 4); // sessions last 2 ticks at least
  return textOf({ dataDir: dataFolder, clientPort: String(port), clientPortAddress: host, tickTime, "admin.enableServer": "false" });
}

/** Limited to two files of 10 MB. */
export function loggingProperties(kind: KafkaVersion["logging"], logFile: string): string {
  return kind === "log4j2"
    ? textOf({
        status: "error",
        "appender.file.type": "RollingFile",
        "appender.file.name": "file",
        "appender.file.fileName": logFile,
        "appender.file.filePattern": `${logFile}.%i`,
        "appender.file.layout.type": "PatternLayout",
        "appender.file.layout.pattern": "%d %p %m (%c)%n%ex",
        "appender.file.policies.type": "Policies",
        "appender.file.policies.size.type": "SizeBasedTriggeringPolicy",
        "appender.file.policies.size.size": "10MB",
        "appender.file.strategy.type": "DefaultRolloverStrategy",
        "appender.file.strategy.max": "1",
        "rootLogger.level": "info",
        "rootLogger.appenderRef.file.ref": "file",
      })
    : textOf({
        "log4j.rootLogger": "INFO, file",
        "log4j.appender.file": "org.apache.log4j.RollingFileAppender",
        "log4j.appender.file.File": logFile,
        "log4j.appender.file.MaxFileSize": "10MB",
        "log4j.appender.file.MaxBackupIndex": "1",
        "log4j.appender.file.layout": "org.apache.log4j.PatternLayout",
        "log4j.appender.file.layout.ConversionPattern": "%d %p %m (%c)%n",
      });
}

/** Java parses a backslash as an escape, so Windows paths are written with slashes. */
function textOf(properties: Readonly<Record<string, string>>): string {
  return `${Object.entries(properties)
    .map(([name, value]) => `${name}=${value.replaceAll("\\", "/")}`)
    .join("\n")}\n`;
}
