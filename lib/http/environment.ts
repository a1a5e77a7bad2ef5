/** What a handler keeps between calls. All of it is made on first use, so that loading a function reads nothing and connects nowhere. */
import type { AccessPolicy, Caller } from "../access.js";
import { toAccessPolicy } from "../access-policy.js";
import { type Config, config as environmentConfig } from "../config.js";
import { RelayError } from "../errors.js";
import { createKafka, type Kafka, toKafkaOptions } from "../kafka/kafka.js";
import { createTelemetry, type Telemetry, toTelemetryOptions } from "../telemetry.js";
import { type AuditTrail, toAuditEntry } from "./audit.js";
import type { HttpReply, HttpRequest } from "./message.js";
import { countProduced } from "./produce/counted-producer.js";
import type { Tracing } from "./tracing.js";

export interface HttpOptions {
  /** Absent: the environment's. */
  readonly config?: Config;
  /** Absent: made from the configuration when an operation first needs it. */
  readonly kafka?: Kafka;
  /** Where unexpected errors go; by default standard error, as one JSON line each. */
  readonly log?: (entry: LogEntry) => void;
  /** Where metrics go; by default standard output, in CloudWatch's embedded format. */
  readonly telemetry?: Telemetry;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing;
  /** Called after each call, for hosts that count or log them. */
  readonly onCall?: (call: AnsweredCall) => void;
}

interface AnsweredCall {
  readonly request: HttpRequest;
  /** The operation, by its route key; undefined where the call has none. */
  readonly routeKey: string | undefined;
  readonly status: number;
  readonly tookMs: number;
  /** Absent where nothing is traced. */
  readonly traceId?: string | undefined;
}

type LogEntry = Readonly<Record<string, unknown>>;

export interface HandlerEnvironment {
  readonly config: () => Config;
  /** Throws what `toAccessPolicy` does; grants that are read from a store may be waited for. */
  readonly policy: () => AccessPolicy | Promise<AccessPolicy>;
  readonly kafka: () => Kafka;
  /** Writes one line per administrative action, where access is by grants. */
  readonly audit: (call: Parameters<typeof toAuditEntry>[0], trail: AuditTrail) => void;
  readonly logFailure: (error: RelayError, request: HttpRequest, routeKey: string | undefined) => void;
  /** Writes one line per request if RELAY_REQUEST_LOG is on: for hosts whose gateway writes no access log. */
  readonly logRequest: (request: HttpRequest, caller: Caller | undefined, reply: HttpReply, startedMs: number) => void;
}

export function createEnvironment(options: HttpOptions): HandlerEnvironment {
  let policy: PolicySource | undefined;
  let { kafka } = options;
  let isLogged: boolean | undefined;
  let reported: Telemetry | undefined;
  const config = () => options.config ?? environmentConfig();
  const telemetry = () => {
    reported ??= options.telemetry ?? createTelemetry(toTelemetryOptions(config()));
    return reported;
  };
  const isAudited = (): boolean => isOn(() => config().RELAY_ACCESS === "grants");
  const log = options.log ?? ((entry: LogEntry) => console.error(JSON.stringify(entry)));
  return {
    config,
    policy: () => {
      policy ??= policySource(config(), telemetry);
      return policy();
    },
    kafka: () => {
      kafka ??= countProduced(createKafka({ ...toKafkaOptions(config()), topicPrefix: config().RELAY_TOPIC_PREFIX }), telemetry);
      return kafka;
    },
    logFailure: (error, request, routeKey) => {
      if (error.failure.blame !== "caller" && error.failure.blame !== "record") log(toLogEntry(error, request, routeKey));
    },
    audit: (call, trail) => {
      if (!isAudited()) return;
      const entry = toAuditEntry(call, trail);
      if (entry !== undefined) log(entry);
    },
    logRequest: ({ method, rawPath: path }, caller, { status }, startedMs) => {
      isLogged ??= isOn(() => config().RELAY_REQUEST_LOG === "on");
      if (isLogged) log({ level: "info", message: "request", method, path, caller: caller?.name, status, tookMs: Date.now() - startedMs });
    },
  };
}

type PolicySource = () => AccessPolicy | Promise<AccessPolicy>;

/** Grants are in the environment, or in a store whose code is loaded with the first call. */
function policySource(config: Config, telemetry: () => Telemetry): PolicySource {
  const { RELAY_ACCESS_GRANTS_FROM: address, RELAY_ACCESS_GRANTS_RELOAD_SECONDS: seconds } = config;
  if (address === undefined || config.RELAY_ACCESS === "everything") {
    const policy = toAccessPolicy(config);
    return () => policy;
  }
  if (config.RELAY_ACCESS_GRANTS !== undefined)
    throw new RelayError("bad-configuration", "RELAY_ACCESS_GRANTS_FROM and RELAY_ACCESS_GRANTS are both set; use one of them.");
  const reloaded = import("../grants/reloaded-policy.js").then(({ policyAt }) => policyAt(address, seconds * 1_000, telemetry));
  return () => reloaded.then((policy) => policy());
}

function isOn(isConfigured: () => boolean): boolean {
  try {
    return isConfigured();
  } catch {
    return false; // the reply itself reports a configuration that is not valid
  }
}

const causesMax = 5;

/** A failure on our side or at Kafka, for the log only: no payloads and no secrets; for a bug, the stacks of all its causes. */
function toLogEntry(error: RelayError, { requestId }: HttpRequest, routeKey: string | undefined): LogEntry {
  const isOurs = error.code === "internal" || error.code === "bad-configuration";
  const causes: string[] = [];
  for (let cause: unknown = error; cause instanceof Error && causes.length < causesMax; cause = cause.cause) {
    causes.push((isOurs ? cause.stack : undefined) ?? cause.message);
  }
  return { level: isOurs ? "error" : "warn", message: "request failed", code: error.code, routeKey, requestId, causes };
}
