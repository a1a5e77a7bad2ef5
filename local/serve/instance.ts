/** One process of the host: the API on a port with one Kafka client, from its start until everything in progress has ended. */
import type { Socket } from "node:net";
import { createConsumers } from "../../lib/consumers/consumers.js";
import { createDeadline } from "../../lib/deadline.js";
import { consolePageFolderOf } from "../../lib/http/console/page-folder.js";
import { type NodeHttpOptions, nodeHttp, nodeHttpHost } from "../../lib/http/hosts/node-http.js";
import type { Operations } from "../../lib/http/operation.js";
import { consoleOperations } from "../../lib/http/operations/console-operations.js";
import { consumerOperations } from "../../lib/http/operations/consumer-operations.js";
import { routeOperations } from "../../lib/http/operations/route-operations.js";
import { streamOperations } from "../../lib/http/operations/stream-operations.js";
import { createStreams } from "../../lib/http/streams/streams.js";
import { createKafka, type Kafka } from "../../lib/kafka/kafka.js";
import type { KnownRoute } from "../../lib/relay/status/route-provider.js";
import { closeSchemas } from "../../lib/schemas/on-demand.js";
import { createCallerOf } from "./callers.js";
import { createMetrics, type Metrics, sumOfMetrics } from "./metrics.js";
import { allOperations } from "./operations.js";
import type { ServeOptions } from "./options.js";
import type { Output } from "./output.js";
import { createOwnPaths } from "./own-paths.js";
import { createPeers, type PeerPlace } from "./peers.js";
import { createReadiness } from "./readiness.js";
import { redrivingOperations } from "./redriving.js";
import type { LoadedRoute } from "./routes/load.js";
import { noRoutes, routesOf } from "./routes/provider.js";
import { type RunningRoutes, runRoutes } from "./routes/run.js";
import { createServeServer } from "./server.js";
import { openSources } from "./sources.js";
import type { Traces } from "./traces/load.js";
import type { createWorkerLink } from "./worker-link.js";

export interface Instance {
  readonly port: number;
  readonly metrics: Metrics;
  /** A connection that the primary has accepted. */
  readonly accept: (socket: Socket) => void;
  readonly knownRoutes: () => readonly KnownRoute[];
  /** Finishes what is in progress. Returns the calls that had to be cut off. */
  readonly end: () => Promise<number>;
}

const closeKafkaWithinMs = 1_000;

/** `routes`: loaded already, so that what is wrong with them is reported before anything starts. `others`: the other workers, where there are several. */
export async function startInstance(
  options: ServeOptions,
  routes: readonly LoadedRoute[] | undefined,
  output: Output,
  traces?: Traces,
  others?: OtherWorkers,
): Promise<Instance> {
  const { config, limits } = options;
  const kafka = createKafka({ ...options.kafka, topicPrefix: config.RELAY_TOPIC_PREFIX });
  const metrics = createMetrics();
  const ending = new AbortController();
  const streams = createStreams(options.streams);
  metrics.observeStreams(streams.count);
  const running = routes === undefined ? undefined : startRoutes(routes, options, metrics, output, traces);
  const peers = others === undefined ? undefined : createPeers(others.place);
  const consumers = createConsumers({ limits: options.consumers, ...(peers === undefined ? {} : { isOwn: peers.isOwn }) });
  const ofConsumers = consumerOperations(consumers);
  const operations = {
    ...allOperations,
    ...streamOperations(streams),
    ...(peers?.shared(ofConsumers) ?? ofConsumers),
    ...(config.RELAY_CONSOLE === "on" ? consoleOperations(consolePageFolderOf(import.meta.dirname)) : {}),
    ...(await routeAndSourceOperations(options, running, others)),
  };
  const api = nodeHttp(operations, hostOptions(options, kafka, metrics, output, ending.signal, traces));
  const server = createServeServer({
    api,
    limits,
    metrics,
    connectionsMax: options.connectionsMax,
    callsMax: options.callsMax,
    ownAnswer: createOwnPaths({
      readiness: createReadiness(kafka),
      isDraining: () => server.isDraining(),
      metrics: { contentType: metrics.contentType, text: metricsText(metrics, others) },
    }),
  });
  const passedOn = await peers?.listen(ofConsumers, { config, kafka, log: output.write }, nodeHttpHost(limits));
  const { port } = others === undefined ? await server.listen(options.port, options.host) : { port: 0 };
  return {
    port,
    metrics,
    accept: others === undefined ? (socket) => socket.destroy() : server.takeConnections(),
    knownRoutes: () => running?.known() ?? [],
    end: async () => {
      ending.abort();
      const [cutOff] = await Promise.all([
        server.drain(options.drainMs, others?.leaving),
        consumers.close(createDeadline(options.drainMs)),
        running?.drain(options.drainMs),
      ]);
      passedOn?.close();
      await closeSchemas(config);
      await Promise.all([closedSoon(kafka, running?.kafka), traces?.end()]);
      return cutOff;
    },
  };
}

/** With a client of their own, because routes reach topics that the API's prefix may exclude. */
function startRoutes(
  routes: readonly LoadedRoute[],
  options: ServeOptions,
  metrics: Metrics,
  output: Output,
  traces: Traces | undefined,
): RunningRoutes & { readonly kafka: Kafka } {
  const kafka = createKafka(options.kafka);
  return { ...runRoutes(routes, kafka, metrics.telemetry(output.write), output, traces?.batches), kafka };
}

interface OtherWorkers extends Pick<ReturnType<typeof createWorkerLink>, "askAll" | "leaving"> {
  readonly place: PeerPlace;
}

const metricsText = (metrics: Metrics, others: OtherWorkers | undefined) =>
  others === undefined ? metrics.text : async () => sumOfMetrics(await others.askAll("metrics"));

/** Brokers that do not answer do not hold up the end. */
async function closedSoon(...clients: readonly (Kafka | undefined)[]): Promise<void> {
  const closed = Promise.all(clients.map((kafka) => kafka?.close()));
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, closeKafkaWithinMs).unref())]);
}

async function routeAndSourceOperations(
  options: ServeOptions,
  running: RunningRoutes | undefined,
  others: OtherWorkers | undefined,
): Promise<Operations> {
  const sources = await openSources(options.sources);
  const routes = running === undefined ? noRoutes : routesOf(running, ofAll(running, others));
  return { ...sources.operations, ...routeOperations(routes, sources.provider), ...redrivingOperations(running, sources) };
}

const ofAll = (running: RunningRoutes, others: OtherWorkers | undefined) => async () =>
  others === undefined ? [running.known()] : ((await others.askAll("routes")) as readonly (readonly KnownRoute[])[]);

function hostOptions(
  { config, limits, callers }: ServeOptions,
  kafka: Kafka,
  metrics: Metrics,
  output: Output,
  ending: AbortSignal,
  traces: Traces | undefined,
): NodeHttpOptions {
  return {
    ...(traces === undefined ? {} : { tracing: traces.calls }),
    config,
    kafka,
    limits,
    callerOf: createCallerOf(callers),
    isTrustedProxy: callers.isTrustedProxy,
    ending,
    log: output.write,
    onCall: ({ request, routeKey = "none", status, tookMs, traceId }) => {
      metrics.call(request.method, routeKey, status, tookMs);
      const { requestId } = request;
      const [method, path] = [printable(request.method), printable(request.rawPath)];
      output.write({
        level: "info",
        message: "request",
        method,
        path,
        status,
        tookMs,
        requestId,
        ...(traceId === undefined ? {} : { traceId }),
      });
    },
  };
}

const printedLengthMax = 300;

/** What a client sends must not steer a terminal, or fill the log. */
const printable = (text: string): string => text.slice(0, printedLengthMax).replaceAll(/[^\x20-\x7e]/g, "?");
