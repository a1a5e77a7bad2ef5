/** From flags and environment to what `kafka-relay serve` runs with. Everything that is not valid is reported in one message. Reads nothing itself. */
import * as v from "valibot";
import type { AccessPolicy } from "../../lib/access.js";
import { toAccessPolicy } from "../../lib/access-policy.js";
import { type Config, parseConfig } from "../../lib/config.js";
import type { ConsumerLimits } from "../../lib/consumers/options.js";
import { RelayError, toRelayError } from "../../lib/errors.js";
import type { NodeHttpLimits } from "../../lib/http/hosts/node-http.js";
import { nodeHttpLimits } from "../../lib/http/hosts/node-http.js";
import type { StreamLimits } from "../../lib/http/streams/stream-limits.js";
import { type KafkaOptions, toKafkaOptions } from "../../lib/kafka/kafka.js";
import { type CallerRules, toCallerRules } from "./callers.js";
import { type TraceChoice, toTraceChoice } from "./traces/choice.js";
import { type ServeVariables, serveVariables } from "./variables.js";

export type LogForm = ServeVariables["RELAY_SERVE_LOG"];

export interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly workers: number;
  readonly log: LogForm;
  /** How long calls in progress may take to finish when the server is asked to end. */
  readonly drainMs: number;
  readonly connectionsMax: number;
  readonly callsMax: number;
  readonly limits: NodeHttpLimits;
  readonly consumers: Partial<ConsumerLimits>;
  /** Undefined: none. */
  readonly routes: "all" | readonly string[] | undefined;
  /** Whether it answers the calls of the sources in functions/sources. */
  readonly sources: boolean;
  /** Of serverless.yml; undefined: the one that it names itself. */
  readonly stage: string | undefined;
  readonly streams: Partial<StreamLimits>;
  readonly policy: AccessPolicy;
  readonly callers: CallerRules;
  readonly config: Config;
  readonly kafka: KafkaOptions;
  readonly traces: TraceChoice;
}

/** As given on the command line; each replaces its variable. */
export interface ServeFlags {
  readonly port?: string;
  readonly host?: string;
  readonly access?: string;
  readonly workers?: string;
  readonly log?: string;
  readonly brokers?: string;
  readonly console?: boolean;
  /** True: all that serverless.yml enables. */
  readonly routes?: string | true;
  readonly sources?: boolean;
  readonly stage?: string;
}

/** Throws one `bad-configuration` with every fault. Values are never repeated, because some are secrets. */
export function parseServeOptions(flags: ServeFlags, env: NodeJS.ProcessEnv): ServeOptions {
  const faults: string[] = [];
  const attempt = <T>(parse: () => T): T | undefined => {
    try {
      return parse();
    } catch (thrown) {
      const { message } = toRelayError(thrown);
      faults.push(...message.replace(/^The configuration is not valid:\n/, "").split("\n"));
      return undefined;
    }
  };
  const given = toEnvironment(flags, env);
  // What depends on several variables is checked on those that are valid, so that one run shows every fault.
  const variables = attempt(() => parseVariables(given)) ?? parseVariables(withoutFaulty(given, faults));
  attempt(() => assertTimes(variables));
  const config = attempt(() => parseConfig(given)) ?? parseConfig(withoutFaulty(given, faults));
  const kafka = attempt(() => toKafkaOptions(config));
  const policy = attempt(() => toAccessPolicy(config));
  const callers = attempt(() => toCallerRules(config, variables));
  const traces = attempt(() => toTraceChoice(env));
  if (kafka === undefined || policy === undefined || callers === undefined || traces === undefined || faults.length > 0) {
    const lines = [...new Set(faults.map((fault) => fault.trim()))];
    throw new RelayError("bad-configuration", `The configuration is not valid:\n  ${lines.join("\n  ")}`);
  }
  return { ...toOptions(variables), config, kafka, policy, callers, traces };
}

/** The host writes its own log and metrics, and its trigger accepts partial responses. */
export const hostVariables = { RELAY_REQUEST_LOG: "off", RELAY_METRICS: "off", RELAY_PARTIAL_RESPONSES: "true" } as const;

/** Flags as the variables that they replace. */
function toEnvironment(flags: ServeFlags, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const replaced: NodeJS.ProcessEnv = {
    RELAY_SERVE_PORT: flags.port,
    RELAY_SERVE_HOST: flags.host,
    RELAY_ACCESS: flags.access,
    RELAY_SERVE_WORKERS: flags.workers,
    RELAY_SERVE_LOG: flags.log,
    KAFKA_BROKERS: flags.brokers,
    RELAY_CONSOLE: flags.console === true ? "on" : undefined,
    RELAY_SERVE_ROUTES: flags.routes === true ? "all" : flags.routes,
    RELAY_SERVE_SOURCES: flags.sources === true ? "on" : undefined,
    RELAY_SERVE_STAGE: flags.stage,
  };
  const given = Object.entries({ ...env, ...withoutUndefined(replaced) }).filter(([, value]) => value !== "");
  return { ...Object.fromEntries(given), ...hostVariables };
}

const withoutUndefined = (variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined));

/** The environment without the variables that faults name. */
function withoutFaulty(env: NodeJS.ProcessEnv, faults: readonly string[]): NodeJS.ProcessEnv {
  const faulty = new Set(faults.map((fault) => /^\s*([A-Z_]+):/.exec(fault)?.[1]));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !faulty.has(name)));
}

function parseVariables(env: NodeJS.ProcessEnv): ServeVariables {
  const result = v.safeParse(serveVariables, env);
  if (result.success) return result.output;
  const faults = result.issues.map((issue) => `${v.getDotPath(issue) ?? "?"}: ${issue.message.replace(/ but received .*$/, "")}`);
  throw new RelayError("bad-configuration", faults.join("\n"));
}

function assertTimes({ RELAY_SERVE_HEADERS_TIMEOUT_MS: headersMs, RELAY_SERVE_REQUEST_TIMEOUT_MS: requestMs }: ServeVariables): void {
  if (requestMs >= headersMs) return;
  throw new RelayError(
    "bad-configuration",
    `RELAY_SERVE_REQUEST_TIMEOUT_MS: must be at least RELAY_SERVE_HEADERS_TIMEOUT_MS, which is ${headersMs}`,
  );
}

function toOptions(variables: ServeVariables) {
  return {
    port: variables.RELAY_SERVE_PORT,
    host: variables.RELAY_SERVE_HOST,
    workers: variables.RELAY_SERVE_WORKERS,
    log: variables.RELAY_SERVE_LOG,
    drainMs: variables.RELAY_SERVE_DRAIN_MS,
    connectionsMax: variables.RELAY_SERVE_CONNECTIONS_MAX,
    callsMax: variables.RELAY_SERVE_CALLS_MAX,
    consumers: {
      instancesMax: variables.RELAY_SERVE_CONSUMERS_MAX,
      idleTimeoutMs: variables.RELAY_SERVE_CONSUMER_IDLE_TIMEOUT_MS,
      sessionTimeoutMs: variables.RELAY_SERVE_CONSUMER_SESSION_TIMEOUT_MS,
      callsWaitingMax: variables.RELAY_SERVE_CONSUMER_CALLS_WAITING_MAX,
    },
    routes: variables.RELAY_SERVE_ROUTES,
    sources: variables.RELAY_SERVE_SOURCES === "on",
    stage: variables.RELAY_SERVE_STAGE,
    limits: {
      ...nodeHttpLimits,
      headerBytesMax: variables.RELAY_SERVE_HEADER_BYTES_MAX,
      requestBytesMax: variables.RELAY_SERVE_BODY_BYTES_MAX,
      unreadBytesMax: variables.RELAY_SERVE_UNREAD_BYTES_MAX,
      headersTimeoutMs: variables.RELAY_SERVE_HEADERS_TIMEOUT_MS,
      requestTimeoutMs: variables.RELAY_SERVE_REQUEST_TIMEOUT_MS,
      idleTimeoutMs: variables.RELAY_SERVE_IDLE_TIMEOUT_MS,
      keepAliveTimeoutMs: variables.RELAY_SERVE_KEEP_ALIVE_TIMEOUT_MS,
      timeMs: variables.RELAY_SERVE_CALL_TIMEOUT_MS,
    },
    streams: {
      streamsMax: variables.RELAY_STREAMS_MAX,
      perCallerMax: variables.RELAY_STREAMS_PER_CALLER_MAX,
      followedMax: variables.RELAY_STREAMS_FOLLOWED_MAX,
      bytesMax: variables.RELAY_STREAM_BYTES_MAX,
      unreadBytesMax: variables.RELAY_STREAM_UNREAD_BYTES_MAX,
      idleMs: variables.RELAY_STREAM_IDLE_MS,
      lastsMs: variables.RELAY_STREAM_LASTS_MS,
      heartbeatMs: variables.RELAY_STREAM_HEARTBEAT_MS,
      recheckMs: variables.RELAY_STREAM_RECHECK_MS,
    },
  };
}
