/** OpenTelemetry as the project has it installed: its SDK is started here, or the one that `--import` or `--require` has started is used. */
import { toRelayError } from "../../../lib/errors.js";
import type { Tracing } from "../../../lib/http/tracing.js";
import { installed } from "../../../lib/installed.js";
import type { Output } from "../output.js";
import { type BatchTracing, traceBatches } from "./batch-span.js";
import { traceCalls } from "./call-span.js";
import type { TraceChoice } from "./choice.js";

export interface Traces {
  readonly calls: Tracing;
  readonly batches: BatchTracing;
  /** Sends what waits, within a limit. */
  readonly end: () => Promise<void>;
}

export interface FoundTraces {
  /** For the first lines of the server; undefined: there is nothing to say. */
  readonly line: string | undefined;
  /** Absent: nothing is traced. */
  readonly start?: () => Traces;
}

type Api = typeof import("@opentelemetry/api");

const instrumentation = "kafka-relay";
/** The SDK tries for as long as its exporter may take; a collector that does not answer must not hold up the end. */
const endWithinMs = 5_000;
/** While a collector is down, every batch of spans fails. */
const sameWarningEveryMs = 60_000;
const packages = "npm install @opentelemetry/api @opentelemetry/sdk-node";

/** Loads the packages where traces are asked for. Without them, the server starts all the same: platforms set these variables for everybody. */
export async function findTraces(choice: TraceChoice, output: Output): Promise<FoundTraces> {
  try {
    const registered = await registeredApi();
    if (registered !== undefined)
      return { line: "by the SDK that this process was started with", start: () => tracesOf(registered, () => flush(registered)) };
    if (choice.kind === "off") return { line: choice.why === undefined ? undefined : `off: ${choice.why}` };
    const api = await installed("@opentelemetry/api", () => import("@opentelemetry/api"));
    const { NodeSDK } = await installed("@opentelemetry/sdk-node", () => import("@opentelemetry/sdk-node"));
    return { line: choice.to, start: () => startSdk(api, NodeSDK, output) };
  } catch (thrown) {
    const { message } = toRelayError(thrown);
    const fix = message.includes("is not installed") ? `${message.split(" Install it")[0]} Install it with: ${packages}` : message;
    return { line: `off: ${fix}` };
  }
}

/** Where something has registered a provider, the API has left its mark on the process (https://opentelemetry.io/docs/languages/js/libraries/). */
async function registeredApi(): Promise<Api | undefined> {
  if (!Reflect.has(globalThis, Symbol.for("opentelemetry.js.api.1"))) return undefined;
  const api = await installed("@opentelemetry/api", () => import("@opentelemetry/api"));
  return hasProvider(api) ? api : undefined;
}

/** Without a provider, spans have no identity. */
const hasProvider = ({ isSpanContextValid, trace }: Api): boolean =>
  isSpanContextValid(trace.getTracer(instrumentation).startSpan("probe").spanContext());

function startSdk(api: Api, NodeSDK: typeof import("@opentelemetry/sdk-node").NodeSDK, output: Output): Traces {
  const warn = createWarnings(output);
  api.diag.setLogger(
    { error: warn, warn, info: () => {}, debug: () => {}, verbose: () => {} },
    { logLevel: api.DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  // Metrics are those of /metrics, and the log is the output of the server.
  const sdk = new NodeSDK({ metricReaders: [], logRecordProcessors: [] });
  sdk.start();
  if (!hasProvider(api))
    warn("No traces are written, because the SDK uses another version of @opentelemetry/api. Keep one of them: npm ls @opentelemetry/api");
  return tracesOf(api, () => sdk.shutdown().catch((thrown: unknown) => warn(toRelayError(thrown).message)));
}

/** An SDK that is not ours may be used until the process ends, but the process ends when we do. */
async function flush({ trace }: Api): Promise<void> {
  const provider = trace.getTracerProvider() as { readonly getDelegate?: () => { readonly forceFlush?: () => Promise<void> } };
  await provider
    .getDelegate?.()
    .forceFlush?.()
    .catch(() => {});
}

function tracesOf(api: Api, shutdown: () => Promise<void>): Traces {
  const tracer = api.trace.getTracer(instrumentation);
  return {
    calls: traceCalls(api, tracer),
    batches: traceBatches(api, tracer),
    end: () => Promise.race([shutdown(), new Promise<void>((resolve) => setTimeout(resolve, endWithinMs).unref())]),
  };
}

const warningLengthMax = 500;

function createWarnings(output: Output): (message: string) => void {
  const lastMs = new Map<string, number>();
  return (text) => {
    const message = text.slice(0, warningLengthMax);
    const nowMs = performance.now();
    if (nowMs - (lastMs.get(message) ?? Number.NEGATIVE_INFINITY) < sameWarningEveryMs) return;
    if (lastMs.size >= 100) lastMs.clear();
    lastMs.set(message, nowMs);
    output.write({ level: "warn", message: `OpenTelemetry: ${message}` });
  };
}
