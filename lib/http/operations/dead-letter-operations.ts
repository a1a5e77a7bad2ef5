/** Dead letters over HTTP: list, show, redrive, discard. */
import type * as v from "valibot";
import type { Config } from "../../config.js";
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { Kafka } from "../../kafka/port.js";
import { invokeFunction } from "../../relay/dead-letters/invoke-route.js";
import { findLetters, type LetterChoice, type LetterPlace } from "../../relay/dead-letters/letters.js";
import { isOutOfTime } from "../../relay/dead-letters/out-of-time.js";
import { discard, type RedriveRules, type RouteInvoker, redrive, redriveDefaults } from "../../relay/dead-letters/redrive.js";
import { type Operations, operation } from "../operation.js";
import {
  atPlace,
  discardAnswer,
  discardBody,
  inLetterTopic,
  letterList,
  listQuery,
  type outcome,
  redriveAnswer,
  redriveBody,
  shownLetter,
  toListed,
  toRedriveRow,
  toShown,
} from "../rest/dead-letters.js";

const listLimitDefault = 100;
/** How many outcomes are listed one by one; the counts include all. */
const outcomesMax = 100;

/** Where the routes and sources run that dead letters go back to. */
interface RedrivenRoutes {
  readonly invoker: (config: Config, destination: "route" | "topic") => RouteInvoker;
  /** The topics that a route reads: letters of others are refused. The dead letters of a source name the source in the place of a topic. */
  readonly sourcesOf: (route: string, config: Config) => readonly string[];
}

export const redriveOperations = (routes: RedrivenRoutes): Operations => ({
  "POST /dead-letters/{topic}/redrive": operation({
    may: "dead-letter:redrive",
    on: "topic",
    summary:
      "Send dead letters through their route again, or write them to the topic they came from. One call handles as many as its time allows.",
    path: inLetterTopic,
    body: redriveBody,
    answers: { 200: redriveAnswer },
    run: async ({ path, body }, { kafka, config, deadline, authorize }) => {
      const rules: RedriveRules = {
        authorizeRoute: (route) => authorize("route:invoke", route),
        authorizeTopic: (topic) => authorize("record:write", topic),
        sourcesOf: (route) => routes.sourcesOf(route, config),
      };
      // If the caller may not use the destination named for all letters, the whole call is refused.
      if (body.name !== undefined) (body.destination === "route" ? rules.authorizeRoute : rules.authorizeTopic)?.(body.name);
      const outcomes: v.InferOutput<typeof outcome>[] = [];
      const result = await redrive(kafka, path.topic, {
        choice: { ...toChoice(body), state: body.state },
        to: body.destination,
        name: body.name,
        invoke: routes.invoker(config, body.destination),
        ...rules,
        ratePerSecond: body.rate_per_second ?? redriveDefaults.ratePerSecond,
        lettersMax: body.limit ?? redriveDefaults.lettersMax,
        redrivesMax: body.redrives_max ?? redriveDefaults.redrivesMax,
        deadline,
        onLetter: (letter, outcome) => {
          if (outcomes.length < outcomesMax) outcomes.push(toRedriveRow(letter, outcome));
        },
      });
      const { redriven, failed, skipped, hasMore } = result;
      return { status: 200, body: { redriven, failed, skipped, has_more: hasMore, outcomes } };
    },
  }),
});

export const deadLetterOperations: Operations = {
  ...redriveOperations({ invoker: invokerOf, sourcesOf }),

  "GET /dead-letters/{topic}": operation({
    may: "dead-letter:read",
    on: "topic",
    summary: "List the dead letters of a dead letter topic, without their records.",
    path: inLetterTopic,
    query: listQuery,
    answers: { 200: letterList },
    run: async ({ path, query }, { kafka, deadline }) => {
      const { route, code, from, to, state, limit = listLimitDefault, after } = query;
      const [afterPartition, afterOffset] = after?.split("/") ?? [];
      const choice: LetterChoice = {
        route,
        code,
        fromMs: from,
        toMs: to,
        state,
        after: afterPartition === undefined ? undefined : { partition: Number(afterPartition), offset: BigInt(afterOffset ?? 0) },
      };
      return { status: 200, body: await toPage(kafka, path.topic, choice, limit, deadline) };
    },
  }),

  "GET /dead-letters/{topic}/{partition}/{offset}": operation({
    may: "dead-letter:read",
    on: "topic",
    summary: "Get one dead letter: why it was written, and the original record.",
    path: atPlace,
    answers: { 200: shownLetter },
    run: async ({ path }, { kafka, deadline }) => {
      const choice: LetterChoice = { state: "any", places: [{ partition: path.partition, offset: path.offset }] };
      for await (const found of findLetters(kafka, path.topic, choice, deadline)) return { status: 200, body: toShown(found) };
      throw new RelayError(
        "not-found",
        `There is no dead letter in partition ${path.partition} of ${path.topic} at offset ${path.offset}.`,
      );
    },
  }),

  "POST /dead-letters/{topic}/discard": operation({
    may: "dead-letter:discard",
    on: "topic",
    summary: "Mark dead letters as discarded. They stay in their topic until its retention deletes them.",
    path: inLetterTopic,
    body: discardBody,
    answers: { 200: discardAnswer },
    run: async ({ path, body }, { kafka, deadline }) => {
      const { discarded, hasMore } = await discard(kafka, path.topic, toChoice(body), body.limit ?? redriveDefaults.lettersMax, deadline);
      return { status: 200, body: { discarded, has_more: hasMore } };
    },
  }),
};

/** If time runs out before all letters were found, the page ends there. The next page starts after the last record that was examined. */
async function toPage(kafka: Kafka, topic: string, choice: LetterChoice, limit: number, deadline: Deadline) {
  const letters: ReturnType<typeof toListed>[] = [];
  let scanned: LetterPlace | undefined;
  const next = () => (scanned === undefined ? null : `${scanned.partition}/${scanned.offset}`);
  const onScanned = (place: LetterPlace): void => {
    scanned = place;
  };
  try {
    for await (const found of findLetters(kafka, topic, choice, deadline, onScanned)) {
      if (letters.length >= limit) return { letters, next_after: next() };
      letters.push(toListed(found));
    }
  } catch (thrown) {
    if (!isOutOfTime(thrown) || scanned === undefined) throw thrown;
    return { letters, next_after: next() };
  }
  return { letters, next_after: null };
}

function toChoice(body: v.InferOutput<typeof discardBody>): LetterChoice {
  const { route, code, from, to, letters, all } = body;
  if ([route, code, from, to, letters, all].every((one) => one === undefined)) {
    throw new RelayError(
      "unprocessable",
      'The body does not say which dead letters are meant. Give "letters", "route", "code", "from" or "to"; for every dead letter, give "all": true.',
    );
  }
  return { route, code, fromMs: from, toMs: to, places: letters };
}

function invokerOf(config: Config, destination: "route" | "topic") {
  const prefix = config.RELAY_FUNCTION_PREFIX;
  if (prefix === undefined && destination === "route") {
    throw new RelayError(
      "bad-configuration",
      "RELAY_FUNCTION_PREFIX is not set, so the functions of routes cannot be found. Redrive to the topic, or use the command line.",
    );
  }
  return invokeFunction({
    prefix: prefix ?? "",
    qualifier: config.RELAY_FUNCTION_QUALIFIER,
    region: config.AWS_REGION,
    endpoint: config.RELAY_FUNCTION_ENDPOINT,
  });
}

/** The caller's grants are checked first: a caller who may not invoke a route does not learn whether it exists. */
function sourcesOf(route: string, { RELAY_ROUTES: routes, RELAY_SOURCES: sources }: Config): readonly string[] {
  // The dead letters of a source name the source in the place of a topic.
  const topics = routes?.get(route) ?? (sources?.includes(route) === true ? [route] : undefined);
  if (topics !== undefined) return topics;
  if (routes !== undefined) throw new RelayError("not-found", `Route ${JSON.stringify(route.slice(0, 200))} does not exist.`);
  throw new RelayError(
    "bad-configuration",
    "RELAY_ROUTES is not set, so it is unknown which topics the routes read. Redrive to the topic, or use the command line.",
  );
}
