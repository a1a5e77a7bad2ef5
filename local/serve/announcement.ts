/** The first lines of `kafka-relay serve`: where it listens, which brokers it uses, and who may call. */
import { isIPv6 } from "node:net";
import manifest from "../../package.json" with { type: "json" };
import { openFilesMax, openFilesWarning } from "./open-files.js";
import type { ServeOptions } from "./options.js";
import type { Output } from "./output.js";
import type { LoadedRoute } from "./routes/load.js";

export function announce(
  options: ServeOptions,
  port: number,
  output: Output,
  routes: readonly LoadedRoute[] | undefined,
  traces?: string,
): void {
  const { workers } = options;
  const url = `http://${isIPv6(options.host) ? `[${options.host}]` : options.host}:${port}`;
  const brokers = typeof options.kafka.brokers === "function" ? "looked up for MSK_CLUSTER_ARN" : options.kafka.brokers.join(", ");
  const access = accessOf(options);
  const rows = [
    ["brokers", brokers],
    ["access", access],
    ["callers", callersOf(options)],
    ["workers", String(workers)],
    ...(traces === undefined ? [] : [["traces", traces]]),
    ...(routes ?? []).map((one, index) => [index === 0 ? "routes" : "", toRouteLine(one)]),
  ];
  output.say(
    [`Listening on ${url} (version ${manifest.version})`, ...rows.map(([name = "", text]) => `  ${name.padEnd(9)}${text}`)].join("\n"),
    {
      level: "info",
      message: "listening",
      version: manifest.version,
      url,
      brokers,
      access,
      workers,
      traces,
      routes: routes?.map(({ route }) => route.name),
      pid: process.pid,
    },
  );
  for (const message of warningsOf(options)) output.write({ level: "warn", message });
}

function toRouteLine({ route: { name, target }, mappings }: LoadedRoute): string {
  const sources = mappings.map(({ topic, consumerGroupId }) => `${topic} (group ${consumerGroupId})`);
  return `${name}: ${sources.length === 0 ? "disabled" : sources.join(", ")} -> ${target.kind} ${target.name}`;
}

function accessOf({ policy, config }: ServeOptions): string {
  if (policy !== "everything" && config.RELAY_ACCESS_GRANTS_FROM !== undefined) return `grants in ${config.RELAY_ACCESS_GRANTS_FROM}`;
  if (policy === "everything") return "everything is allowed to everybody";
  return policy.length === 1 ? "1 grant" : `${policy.length} grants`;
}

function callersOf({ callers }: ServeOptions): string {
  if (callers.token !== undefined) return `tokens of ${callers.token.issuer} for ${callers.token.audience}`;
  return callers.header === undefined ? "anonymous" : `named by the header ${callers.header} from trusted proxies`;
}

const loopback = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

function warningsOf(options: ServeOptions): readonly string[] {
  const ofFiles = openFilesWarning(options.connectionsMax, openFilesMax());
  return [...accessWarningsOf(options), ...(ofFiles === undefined ? [] : [ofFiles])];
}

function accessWarningsOf({ policy, host, config }: ServeOptions): readonly string[] {
  if (policy === "everything")
    return loopback.test(host) ? [] : [`Everybody who can reach ${host} may do everything. Set RELAY_ACCESS_GRANTS, or --host 127.0.0.1.`];
  return policy.length === 0 && config.RELAY_ACCESS_GRANTS_FROM === undefined
    ? ["No caller may do anything. Set RELAY_ACCESS_GRANTS, or --access everything on a laptop."]
    : [];
}
