/** The service itself: is it up, what does it offer, and what is said to a call that nobody answers. */
import * as v from "valibot";
import { sooner } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import { type OperationContext, type Operations, operation, type Reply } from "../operation.js";
import { toWords } from "../problem.js";
import { v2MediaTypes } from "../rest/v2-metadata.js";
import { allowedMethods } from "../unknown-route.js";

/** Who asks for health asks often and waits little. */
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
  summary: "Answers an empty object, as long as it answers at all.",
  produces: v2MediaTypes,
  answers: { 200: v.object({}) },
} as const;

export const serviceOperations: Operations = {
  "GET /": operation({ ...alive, run: async () => ({ status: 200, body: {} }) }),
  "POST /": operation({ ...alive, run: async () => ({ status: 200, body: {} }) }),
  "GET /health": operation({
    may: "service:describe",
    summary: "Says whether the service is up and reaches a broker within two seconds.",
    answers: { 200: health, 503: health },
    run: (_, context) => checkHealth(context),
  }),
  "GET /openapi.json": operation({
    may: "service:describe",
    summary: "This description.",
    answers: { 200: v.looseObject({ openapi: v.string() }) },
    run: async () => ({ status: 200, text: JSON.stringify(await description()) }),
  }),
  $default: operation({
    may: "service:describe",
    summary: "Whatever has no operation.",
    produces: [],
    answers: { 204: null },
    run: async (_, context) => answerUnknown(context),
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

/** Built with the project; loaded when it is asked for, not when the function is. */
async function description(): Promise<{ readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>> }> {
  const { default: document } = await import("../openapi.generated.json", { with: { type: "json" } });
  return document as never;
}

async function answerUnknown({ method, rawPath }: OperationContext): Promise<Reply> {
  if (/^\/consumers(\/|$)/.test(rawPath)) {
    throw new RelayError(
      "not-offered",
      "Consumer instances live in one process's memory, and this API has no such process. Read with GET /topics/{topic}/records?from=beginning instead, and come back with the cursor of the answer: it joins no group and any call may continue it.",
    );
  }
  const allowed = allowedMethods((await description()).paths, rawPath);
  if (allowed === undefined)
    throw new RelayError(
      "not-found",
      `There is nothing at ${JSON.stringify(rawPath.slice(0, 300))}; GET /openapi.json says what there is.`,
    );
  const allow = allowed.join(", ");
  if (method === "OPTIONS") return { status: 204, headers: { allow } };
  throw new RelayError(
    "method-not-allowed",
    `${method.slice(0, 20)} is not allowed at ${JSON.stringify(rawPath.slice(0, 300))}; ${allow} are.`,
    { allow },
  );
}
