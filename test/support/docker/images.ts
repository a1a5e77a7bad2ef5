/**
 * The images that the Docker tests run. Where a registry answers, they are pulled; elsewhere they are made here, from this machine's programs and the jars that Maven
 * resolves, with the entry points, folders, users and commands of the images that they stand for.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { resolveJars } from "../../../local/broker/jars.js";
import { findTools } from "../../../local/broker/tools.js";
import { type KafkaVersion, type KafkaVersionName, versions } from "../../../local/broker/versions.js";
import type { Engine } from "./engine.js";
import { createRootFilesystem, type RootFilesystem } from "./root-filesystem.js";

/** What Kafka's server and tools use of Java. */
const javaModules =
  "java.base,java.desktop,java.instrument,java.logging,java.management,java.naming,java.net.http,java.rmi,java.security.jgss,java.security.sasl,java.sql,java.xml,jdk.crypto.ec,jdk.jcmd,jdk.management,jdk.management.agent,jdk.unsupported,jdk.zipfs";
const appUser = "1000:1000";
const authorities = "/etc/ssl/certs/ca-certificates.crt";
const fetchLimitMs = 5 * 60_000;

/** Says each image it makes, and how. */
type Progress = (line: string) => void;

export interface ImageMaker {
  /** `apache/kafka:<version>`: a KRaft broker, configured by KAFKA_* variables through KafkaDockerWrapper. */
  readonly kafka: (name: string, version: KafkaVersionName) => Promise<void>;
  /** A broker or a ZooKeeper of Kafka 2.8.1, configured by variables as the images of older tutorials are. */
  readonly zookeeperKafka: (name: string) => Promise<void>;
  /** `node:<version>-...`: that version of Node with npm, for images that start from it. It trusts the authorities that this machine trusts. */
  readonly node: (name: string) => Promise<void>;
}

export function createImageMaker(engine: Engine, folder: string, jarsFolder: string, progress: Progress): ImageMaker {
  const provide = async (name: string, make: (root: RootFilesystem) => Promise<readonly string[]>): Promise<void> => {
    if (engine.succeeds(["image", "inspect", name]) || engine.succeeds(["pull", "--quiet", name])) return;
    progress(`making the image ${name}`);
    const root = join(folder, name.replace(/\W+/g, "-"));
    rmSync(root, { recursive: true, force: true });
    const changes = await make(createRootFilesystem(root));
    importImage(engine, root, name, changes);
    rmSync(root, { recursive: true, force: true });
  };
  return {
    kafka: (name, version) =>
      provide(name, async (root) => {
        await addKafka(root, versions[version], jarsFolder, progress);
        addKraftEntry(root);
        return ["ENV PATH=/opt/java/bin:/usr/bin:/bin", "USER app", 'CMD ["/etc/kafka/docker/run"]', "EXPOSE 9092"];
      }),
    zookeeperKafka: (name) =>
      provide(name, async (root) => {
        await addKafka(root, versions["2.8.1"], jarsFolder, progress);
        addZookeeperEntry(root);
        return ["ENV PATH=/opt/java/bin:/opt/kafka/bin:/usr/bin:/bin", "USER app", 'ENTRYPOINT ["/opt/start"]'];
      }),
    node: (name) =>
      provide(name, async (root) => {
        const node = nodeProgram(/^node:([\d.]+)/.exec(name)?.[1] ?? "");
        root.add(node, ...librariesOfDebian());
        rmSync(join(root.folder, dirname(node)), { recursive: true, force: true });
        cpSync(node, join(root.folder, "usr/bin/node"));
        const npm = join(dirname(dirname(realpathSync(process.execPath))), "lib/node_modules/npm");
        cpSync(npm, join(root.folder, "usr/lib/node_modules/npm"), { recursive: true });
        if (existsSync(authorities)) root.add(authorities);
        root.write("usr/bin/npm", '#!/bin/bash\nexec node /usr/lib/node_modules/npm/bin/npm-cli.js "$@"\n', 0o755);
        root.write("etc/passwd", "root:x:0:0:root:/root:/bin/bash\nnode:x:1000:1000:node:/home/node:/bin/bash\n");
        root.write("etc/group", "root:x:0:\nnode:x:1000:\n");
        mkdirSync(join(root.folder, "home/node"), { recursive: true });
        return ["ENV PATH=/usr/bin:/bin", `ENV NODE_EXTRA_CA_CERTS=${authorities}`, 'CMD ["node"]'];
      }),
  };
}

/** What every Debian image has of the C library and GCC, and native modules of npm packages expect. */
function librariesOfDebian(): readonly string[] {
  const folder = `/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;
  return readdirSync(folder)
    .filter((name) => /^lib(c|dl|m|pthread|rt|util|resolv|gcc_s|stdc\+\+)\.so\.\d+$/.test(name))
    .map((name) => join(folder, name));
}

/** From its npm package. */
function nodeProgram(version: string): string {
  const args = ["--yes", `--package=node@${version}`, "node", "-p", "process.execPath"];
  return execFileSync("npx", args, { encoding: "utf8", timeout: fetchLimitMs }).trim();
}

/** One layer, owned by root but for what the user writes to. */
function importImage(engine: Engine, root: string, name: string, changes: readonly string[]): void {
  const owned = ["home", "opt/kafka/config", "var/lib/kafka", "var/lib/zookeeper"].filter((path) => existsSync(join(root, path)));
  for (const path of owned) execFileSync("chown", ["-R", appUser, join(root, path)]);
  const flags = changes.flatMap((change) => ["--change", change]).map((text) => `'${text}'`);
  execFileSync("bash", ["-c", `tar -C '${root}' -c . | docker import ${flags.join(" ")} - '${name}'`], {
    env: { ...process.env, ...engine.environment },
    stdio: ["ignore", "ignore", "inherit"],
    timeout: 5 * 60_000,
  });
}

/** Java, the jars of a version, and its scripts, at the places of the official image. */
async function addKafka(root: RootFilesystem, version: KafkaVersion, jarsFolder: string, progress: Progress): Promise<void> {
  const tools = await findTools(false);
  if ("missing" in tools) throw new Error(`The image cannot be made: ${tools.missing}`);
  addJava(root);
  // The command line tools are a package of their own since Kafka 3.
  const withTools = {
    ...version,
    artifacts: [...version.artifacts, ...(version.coordination === "kraft" ? [`org.apache.kafka:kafka-tools:${version.version}`] : [])],
  };
  const jars = await resolveJars(withTools, join(jarsFolder, "with-tools"), tools.jarSource, progress);
  mkdirSync(join(root.folder, "opt/kafka/libs"), { recursive: true });
  for (const name of readdirSync(jars)) cpSync(join(jars, name), join(root.folder, "opt/kafka/libs", name));
  for (const name of ["opt/kafka/config", "var/lib/kafka/data", "var/lib/zookeeper"])
    mkdirSync(join(root.folder, name), { recursive: true });
  root.write("opt/kafka/bin/kafka-run-class.sh", runClass, 0o755);
  const [topics, producer, consumer] =
    version.coordination === "kraft"
      ? ["org.apache.kafka.tools.TopicCommand", "org.apache.kafka.tools.ConsoleProducer", "org.apache.kafka.tools.consumer.ConsoleConsumer"]
      : ["kafka.admin.TopicCommand", "kafka.tools.ConsoleProducer", "kafka.tools.ConsoleConsumer"];
  const commands = { "kafka-topics": topics, "kafka-console-producer": producer, "kafka-console-consumer": consumer };
  for (const [name, className] of Object.entries(commands)) root.write(`opt/kafka/bin/${name}.sh`, toolOf(className ?? ""), 0o755);
}

function addJava(root: RootFilesystem): void {
  const linked = join(root.folder, "..", "linked-java");
  rmSync(linked, { recursive: true, force: true });
  execFileSync("jlink", ["--add-modules", javaModules, "--strip-debug", "--no-header-files", "--no-man-pages", "--output", linked]);
  cpSync(linked, join(root.folder, "opt/java"), { recursive: true });
  // Its libraries are found from here, so that what they need of the machine comes along.
  root.add(linked);
  rmSync(join(root.folder, linked), { recursive: true, force: true });
  rmSync(linked, { recursive: true, force: true });
}

const runClass = `#!/bin/bash
exec java \${KAFKA_HEAP_OPTS:--Xmx256m} $KAFKA_OPTS -cp '/opt/kafka/libs/*' "$@"
`;
const toolOf = (className: string): string => `#!/bin/bash
export KAFKA_HEAP_OPTS=-Xmx128m
exec /opt/kafka/bin/kafka-run-class.sh ${className} "$@"
`;

const log4j2 = `Configuration:
  Appenders:
    Console:
      name: STDOUT
      PatternLayout:
        pattern: "[%d] %p %m (%c)%n"
  Loggers:
    Root:
      level: INFO
      AppenderRef:
        ref: STDOUT
`;

/** As the official image starts: the wrapper turns KAFKA_* variables into a configuration and formats the storage, then the server replaces the shell. */
function addKraftEntry(root: RootFilesystem): void {
  for (const name of ["log4j2.yaml", "tools-log4j2.yaml"]) root.write(`etc/kafka/docker/${name}`, log4j2);
  root.write("etc/kafka/docker/server.properties", "process.roles=broker,controller\\nnode.id=1\\n");
  root.write(
    "etc/kafka/docker/run",
    `#!/bin/bash
set -e
export CLUSTER_ID=\${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}
output=$(/opt/kafka/bin/kafka-run-class.sh kafka.docker.KafkaDockerWrapper setup --default-configs-dir /etc/kafka/docker --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config 2>&1) ||
  grep -q 'already formatted' <<< "$output" || { echo "$output"; exit 1; }
exec /opt/kafka/bin/kafka-run-class.sh kafka.Kafka /opt/kafka/config/server.properties
`,
    0o755,
  );
  mkdirSync(join(root.folder, "mnt/shared/config"), { recursive: true });
}

/** \`KAFKA_ADVERTISED_LISTENERS\` becomes \`advertised.listeners\`; with ROLE=zookeeper it is the ensemble's one server. */
function addZookeeperEntry(root: RootFilesystem): void {
  root.write(
    "opt/start",
    `#!/bin/bash
set -e
if [ "$ROLE" = zookeeper ]; then
  printf 'dataDir=/var/lib/zookeeper\\nclientPort=2181\\nadmin.enableServer=false\\n' > /opt/kafka/config/zookeeper.properties
  exec /opt/kafka/bin/kafka-run-class.sh org.apache.zookeeper.server.quorum.QuorumPeerMain /opt/kafka/config/zookeeper.properties
fi
echo log.dirs=/var/lib/kafka/data > /opt/kafka/config/server.properties
env | grep ^KAFKA_ | grep -v -e ^KAFKA_HEAP -e ^KAFKA_OPTS | while IFS='=' read -r name value; do
  echo "$(echo "\${name#KAFKA_}" | tr A-Z_ a-z.)=$value" >> /opt/kafka/config/server.properties
done
exec /opt/kafka/bin/kafka-run-class.sh kafka.Kafka /opt/kafka/config/server.properties
`,
    0o755,
  );
}
