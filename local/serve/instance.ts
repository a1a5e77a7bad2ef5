/** One process of the host: the API on a port with one Kafka client, from its start until everything in progress has ended. */
import { createConsumers } from "../../lib/consumers/consumers.js";
import { createDeadline } from "../../lib/deadline.js";
import { nodeHttp } from "../../lib/http/hosts/node-http.js";
import { consoleOperations } from "../../lib/http/operations/console-operations.js";
import { consumerOperations } from "../../lib/http/operations/consumer-operations.js";
import { streamOperations } from "../../lib/http/operations/stream-operations.js";
import { createStreams } from "../../lib/http/streams/streams.js";
import { createKafka } from "../../lib/kafka/kafka.js";
import { createCallerOf } from "./callers.js";
import { createMetrics, type Metrics } from "./metrics.js";
import { allOperations } from "./operations.js";
import type { ServeOptions } from "./options.js";
import type { Output } from "./output.js";
import { createOwnPaths } from "./own-paths.js";
import { consolePageFolderOf } from "./page-folder.js";
import { createReadiness } from "./readiness.js";
import { createServeServer } from "./server.js";

export interface Instance {
  readonly port: number;
  readonly metrics: Metrics;
  /** Finishes what is in progress. Returns the calls that had to be cut off. */
  readonly end: () => Promise<number>;
}

const closeKafkaWithinMs = 1_000;

/** `metricsText`: of all workers, where there are several. */
export async function startInstance(options: ServeOptions, output: Output, metricsText?: () => Promise<string>): Promise<Instance> {
  const { config, limits, callers } = options;
  const kafka = createKafka({ ...options.kafka, topicPrefix: config.RELAY_TOPIC_PREFIX });
  const metrics = createMetrics();
  const ending = new AbortController();
  const consumers = createConsumers();
  // An instance lives in one process, and a call may reach any of several.
  const operations = {
    ...allOperations,
    ...streamOperations(createStreams(options.streams)),
    ...(options.workers === 1 ? consumerOperations(consumers) : {}),
    ...(config.RELAY_CONSOLE === "on" ? consoleOperations(consolePageFolderOf(import.meta.dirname)) : {}),
  };
  const api = nodeHttp(operations, {
    config,
    kafka,
    limits,
    callerOf: createCallerOf(callers),
    isTrustedProxy: callers.isTrustedProxy,
    ending: ending.signal,
    log: output.write,
    onCall: ({ request, routeKey = "none", status, tookMs }) => {
      metrics.call(request.method, routeKey, status, tookMs);
      output.write({
        level: "info",
        message: "request",
        method: printable(request.method),
        path: printable(request.rawPath),
        status,
        tookMs,
        requestId: request.requestId,
      });
    },
  });
  const server = createServeServer({
    api,
    limits,
    metrics,
    connectionsMax: options.connectionsMax,
    callsMax: options.callsMax,
    ownAnswer: createOwnPaths({
      readiness: createReadiness(kafka),
      isDraining: () => server.isDraining(),
      metrics: { contentType: metrics.contentType, text: metricsText ?? metrics.text },
    }),
  });
  const { port } = await server.listen(options.port, options.host);
  return {
    port,
    metrics,
    end: async () => {
      ending.abort();
      const [cutOff] = await Promise.all([server.drain(options.drainMs), consumers.close(createDeadline(options.drainMs))]);
      await Promise.race([kafka.close(), new Promise((resolve) => setTimeout(resolve, closeKafkaWithinMs).unref())]);
      return cutOff;
    },
  };
}

const printedLengthMax = 300;

/** What a client sends must not steer a terminal, or fill the log. */
const printable = (text: string): string => text.slice(0, printedLengthMax).replaceAll(/[^\x20-\x7e]/g, "?");
