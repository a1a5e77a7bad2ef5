/** A server that sends its traces to a receiver: with a route to run, beside the packages of this project or far from any. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import type { TopicName } from "../../../lib/kafka/records.js";
import { bundleCli } from "../../../local/build/cli.js";
import { projectFolder } from "../../../local/build/service-map.js";
import { until } from "../broker/kafka.js";
import { readAll } from "../broker/topic-contents.js";
import { uniqueName } from "../broker/unique-names.js";
import { type ServeProcess, startServe } from "./process.js";
import { type ReceivedSpan, startTraceReceiver } from "./trace-receiver.js";

export interface TracedServe {
  readonly receiver: Awaited<ReturnType<typeof startTraceReceiver>>;
  readonly start: (env?: NodeJS.ProcessEnv, args?: readonly string[]) => Promise<ServeProcess>;
  readonly spansOf: (traceId: string) => readonly ReceivedSpan[];
  /** Waits until there are this many. */
  readonly receivedSpans: (traceId: string, count: number) => Promise<readonly ReceivedSpan[]>;
  readonly close: () => Promise<void>;
}

export async function createTracedServe(where: "beside packages" | "alone" = "beside packages"): Promise<TracedServe> {
  const receiver = await startTraceReceiver();
  const folder =
    where === "alone" ? mkdtempSync(join(tmpdir(), "kafka-relay-traces-")) : join(projectFolder, ".build", uniqueName("serve-traces"));
  const program = (await bundleCli(folder)).find((file) => file.endsWith("serve.js")) ?? "";
  const project = where === "alone" ? folder : join(projectFolder, "test/support/serve/projects/routes");
  const standard = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_SERVICE_NAME: "orders-api",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
    OTEL_BSP_SCHEDULE_DELAY: "50",
  };
  const spansOf = (traceId: string) => receiver.spans().filter((span) => span.traceId === traceId);
  return {
    receiver,
    start: (env = {}, args = []) => startServe(["--access", "everything", ...args], { ...standard, ...env }, project, program),
    spansOf,
    receivedSpans: async (traceId, count) => {
      await until(() => spansOf(traceId).length >= count);
      return spansOf(traceId);
    },
    close: async () => {
      await receiver.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The trace of a caller, whose span is `b7ad6b7169203331`. */
export function newTrace(flags: "00" | "01" = "01"): { readonly traceId: string; readonly traceparent: string } {
  const traceId = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex");
  return { traceId, traceparent: `00-${traceId}-b7ad6b7169203331-${flags}` };
}

/** The headers of a topic's records that carry a trace, or baggage. */
export async function traceHeadersIn(kafka: Kafka, topic: TopicName): Promise<readonly string[]> {
  return (await readAll(kafka, topic)).flatMap(({ headers }) =>
    headers.filter(({ name }) => /^(trace|bag)/.test(name)).map(({ name, value }) => `${name}: ${value}`),
  );
}

export function produceNumbers(
  { url }: ServeProcess,
  topic: string,
  headers: Readonly<Record<string, string>> = {},
  count = 1,
): Promise<Response> {
  return fetch(`${url}/topics/${topic}?tag=a`, {
    method: "POST",
    headers: { "content-type": "application/vnd.kafka.json.v2+json", ...headers },
    body: JSON.stringify({ records: Array.from({ length: count }, (_, value) => ({ value })) }),
  });
}
