/** The service itself: whether it is up, its OpenAPI description, and the answer to paths and methods that do not exist. */
import * as v from "valibot";
import { sooner } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import { type OperationContext, type Operations, operation, type Reply } from "../operation.js";
import { toWords } from "../problem.js";
import { v2MediaTypes } from "../rest/v2-metadata.js";
import { createRouter, type Router } from "../router.js";
import { unknownRoute } from "../unknown-route.js";

/** Health checks come often and do not wait long. */
const healthTimeoutMs = 2_000;

const health = v.object({
  status: v.picklist(["up", "down"]),
  kafka: v.object({
    status: v.picklist(["up", "down"]),
    cluster_id: v.optional(v.string()),
    brokers: v.optional(v.number()),
    message: v.optional(v.string()),
  }),
});

const alive = {
  may: "service:describe",
  summary: "Return an empty object, to show that the API is running.",
  produces: v2MediaTypes,
  answers: { 200: v.object({}) },
} as const;

export const serviceOperations: Operations = {
  "GET /": operation({ ...alive, run: async () => ({ status: 200, body: {} }) }),
  "POST /": operation({ ...alive, run: async () => ({ status: 200, body: {} }) }),
  "GET /health": operation({
    may: "service:describe",
    summary: "Check whether the service is up and can reach a broker within two seconds.",
    answers: { 200: health, 503: health },
    run: (_, context) => checkHealth(context),
  }),
  "GET /openapi.json": operation({
    may: "service:describe",
    summary: "Get this description of the API.",
    answers: { 200: v.looseObject({ openapi: v.string() }) },
    run: async () => ({ status: 200, text: JSON.stringify(await description()) }),
  }),
  $default: operation({
    may: "service:describe",
    summary: "Return an error for paths and methods that do not exist.",
    produces: [],
    answers: { 204: null },
    run: async (_, { method, rawPath }) => answerUncovered(method, rawPath),
  }),
};

async function checkHealth({ kafka, deadline }: OperationContext): Promise<Reply> {
  try {
    const { clusterId, brokers } = await kafka.metadata.describe([], sooner(deadline, healthTimeoutMs));
    return { status: 200, body: { status: "up", kafka: { status: "up", cluster_id: clusterId, brokers: brokers.length } } };
  } catch (error) {
    return { status: 503, body: { status: "down", kafka: { status: "down", message: toWords(toRelayError(error)) } } };
  }
}

/** Made when the project is built. It is loaded on first use and not when the function starts, because it is large. */
async function description(): Promise<{ readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>> }> {
  const { default: document } = await import("../openapi.generated.json", { with: { type: "json" } });
  return document as never;
}

let described: Router | undefined;

/** The methods of the whole API, and not only of the function that answers. */
async function describedRoutes(): Promise<Router> {
  const keysOf = ([path, operations]: readonly [string, object]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`);
  described ??= createRouter(Object.entries((await description()).paths).flatMap(keysOf));
  return described;
}

async function answerUncovered(method: string, rawPath: string): Promise<Reply> {
  if (/^\/consumers(\/|$)/.test(rawPath)) {
    throw new RelayError(
      "not-offered",
      "Consumer instances are not available: they need a process that keeps them in memory, and this API runs without one. Use GET /topics/{topic}/records?from=beginning instead, and pass the `cursor` of each response to the next call. To use consumer instances, run this API with `kafka-relay serve`.",
    );
  }
  const router = await describedRoutes();
  const methods = router.methodsAt(rawPath);
  if (method === "OPTIONS" && methods !== undefined) return { status: 204, headers: { allow: methods.join(", ") } };
  throw unknownRoute(router, method, rawPath);
}
