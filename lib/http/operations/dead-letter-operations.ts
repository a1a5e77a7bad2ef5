/** Dead letters over HTTP: list, show, redrive, discard. */
import * as v from "valibot";
import type { Config } from "../../config.js";
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { Kafka } from "../../kafka/port.js";
import { isInternalTopic } from "../../kafka/topic-name.js";
import { invokeFunction } from "../../relay/dead-letters/invoke-route.js";
import type { Letter } from "../../relay/dead-letters/letter.js";
import { type FoundLetter, findLetters, type LetterChoice, type LetterPlace } from "../../relay/dead-letters/letters.js";
import { isOutOfTime } from "../../relay/dead-letters/out-of-time.js";
import { discard, type RedriveOutcome, type RedriveRules, redrive, redriveDefaults } from "../../relay/dead-letters/redrive.js";
import { type Operations, operation } from "../operation.js";
import { timestampForm, toTimestampMs } from "../timestamp.js";

const listLimitDefault = 100;
const listLimitMax = 1_000;
/** How many outcomes are listed one by one; the counts include all. */
const outcomesMax = 100;

const whole = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
const wholeText = (max: number) =>
  v.pipe(v.string(), v.regex(/^\d{1,19}$/, "must be a whole number"), v.transform(Number), v.maxValue(max));
const time = v.pipe(
  v.union([v.string(), v.number()]),
  v.check((given) => toTimestampMs(given) !== undefined, `must be a time: ${timestampForm}`),
  v.transform((given) => toTimestampMs(given) as number),
);
const timeText = v.pipe(
  v.string(),
  v.check((given) => toTimestampMs(given) !== undefined, `must be a time: ${timestampForm}`),
  v.transform((given) => toTimestampMs(given) as number),
);
const offset = v.pipe(
  v.union([v.number(), v.bigint(), v.string()]),
  v.check((given) => /^\d{1,19}$/.test(String(given)), "must be an offset: a whole number of 0 or more"),
  v.transform((given) => BigInt(given)),
);
const partition = whole(0, 2_147_483_647);
const states = ["open", "redriven", "discarded", "any"] as const;

const topicName = v.pipe(
  v.string(),
  v.check((name) => !isInternalTopic(name), "names a topic that is internal to Kafka and holds no dead letters"),
);
const inTopic = v.object({ topic: topicName });
const atPlace = v.object({
  topic: topicName,
  partition: wholeText(2_147_483_647),
  offset: v.pipe(
    v.string(),
    v.regex(/^\d{1,19}$/, "must be an offset: a whole number of 0 or more"),
    v.transform((text) => BigInt(text)),
  ),
});

const listQuery = v.object({
  route: v.optional(v.string()),
  code: v.optional(v.string()),
  from: v.optional(timeText),
  to: v.optional(timeText),
  state: v.optional(v.picklist(states), "open"),
  limit: v.optional(v.pipe(wholeText(listLimitMax), v.minValue(1))),
  after: v.optional(v.pipe(v.string(), v.regex(/^\d{1,9}\/\d{1,19}$/, 'must be "<partition>/<offset>", as in next_after'))),
});

const choiceFields = {
  route: v.optional(v.string()),
  code: v.optional(v.string()),
  from: v.optional(time),
  to: v.optional(time),
  letters: v.optional(v.pipe(v.array(v.strictObject({ partition, offset })), v.minLength(1), v.maxLength(1_000))),
  /** A request without any choice is refused: to act on all dead letters, the caller has to say so. */
  all: v.optional(v.literal(true)),
  limit: v.optional(whole(1, 10_000)),
};
const redriveBody = v.strictObject({
  ...choiceFields,
  destination: v.optional(v.picklist(["route", "topic"]), "route"),
  name: v.optional(v.string()),
  state: v.optional(v.picklist(states)),
  rate_per_second: v.optional(whole(1, 1_000)),
  redrives_max: v.optional(whole(1, 1_000)),
});
const discardBody = v.strictObject(choiceFields);

const place = v.object({ topic: v.string(), partition: v.number(), offset: v.bigint() });
const letterFields = {
  partition: v.number(),
  offset: v.bigint(),
  state: v.picklist(["open", "redriven", "discarded"]),
  state_since: v.optional(v.string()),
  redriven_to: v.optional(v.string()),
  written_by: v.string(),
  route: v.optional(v.string()),
  target: v.optional(v.string()),
  code: v.optional(v.string()),
  message: v.optional(v.string()),
  stage: v.optional(v.string()),
  status: v.optional(v.string()),
  attempts: v.optional(v.number()),
  first_time: v.optional(v.string()),
  last_time: v.string(),
  redrives: v.number(),
  origin: v.optional(place),
};
const bytes = v.nullable(v.object({ text: v.optional(v.string()), base64: v.optional(v.string()) }));
const letterList = v.object({ letters: v.array(v.object(letterFields)), next_after: v.nullable(v.string()) });
const shownLetter = v.object({
  ...letterFields,
  answer: v.optional(v.string()),
  record: v.object({ key: bytes, value: bytes, headers: v.array(v.object({ name: v.string(), value: bytes })), timestamp: v.number() }),
});
const outcome = v.object({
  partition: v.number(),
  offset: v.bigint(),
  outcome: v.string(),
  to: v.optional(v.string()),
  message: v.optional(v.string()),
});
const redriveAnswer = v.object({
  redriven: v.number(),
  failed: v.number(),
  skipped: v.number(),
  has_more: v.boolean(),
  outcomes: v.array(outcome),
});
const discardAnswer = v.object({ discarded: v.number(), has_more: v.boolean() });

export const deadLetterOperations: Operations = {
  "GET /dead-letters/{topic}": operation({
    may: "dead-letter:read",
    on: "topic",
    summary: "List the dead letters of a dead letter topic, without their records.",
    path: inTopic,
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

  "POST /dead-letters/{topic}/redrive": operation({
    may: "dead-letter:redrive",
    on: "topic",
    summary:
      "Send dead letters through their route again, or write them to the topic they came from. One call handles as many as its time allows.",
    path: inTopic,
    body: redriveBody,
    answers: { 200: redriveAnswer },
    run: async ({ path, body }, { kafka, config, deadline, authorize }) => {
      const rules: RedriveRules = {
        authorizeRoute: (route) => authorize("route:invoke", route),
        authorizeTopic: (topic) => authorize("record:write", topic),
        sourcesOf: (route) => sourcesOf(config, route),
      };
      // If the caller may not use the destination named for all letters, the whole call is refused.
      if (body.name !== undefined) (body.destination === "route" ? rules.authorizeRoute : rules.authorizeTopic)?.(body.name);
      const outcomes: v.InferOutput<typeof outcome>[] = [];
      const result = await redrive(kafka, path.topic, {
        choice: { ...toChoice(body), state: body.state },
        to: body.destination,
        name: body.name,
        invoke: invokerOf(config, body.destination),
        ...rules,
        ratePerSecond: body.rate_per_second ?? redriveDefaults.ratePerSecond,
        lettersMax: body.limit ?? redriveDefaults.lettersMax,
        redrivesMax: body.redrives_max ?? redriveDefaults.redrivesMax,
        deadline,
        onLetter: (letter, told) => {
          if (outcomes.length < outcomesMax) outcomes.push(toOutcome(letter, told));
        },
      });
      const { redriven, failed, skipped, hasMore } = result;
      return { status: 200, body: { redriven, failed, skipped, has_more: hasMore, outcomes } };
    },
  }),

  "POST /dead-letters/{topic}/discard": operation({
    may: "dead-letter:discard",
    on: "topic",
    summary: "Mark dead letters as discarded. They stay in their topic until its retention deletes them.",
    path: inTopic,
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
  return invokeFunction({ prefix: prefix ?? "", region: config.AWS_REGION, endpoint: config.RELAY_FUNCTION_ENDPOINT });
}

/** The caller's grants are checked first: a caller who may not invoke a route does not learn whether it exists. */
function sourcesOf({ RELAY_ROUTES: routes }: Config, route: string): readonly string[] {
  const sources = routes?.get(route);
  if (sources !== undefined) return sources;
  if (routes !== undefined) throw new RelayError("not-found", `Route ${JSON.stringify(route.slice(0, 200))} does not exist.`);
  throw new RelayError(
    "bad-configuration",
    "RELAY_ROUTES is not set, so it is unknown which topics the routes read. Redrive to the topic, or use the command line.",
  );
}

function toListed({ letter, state, mark }: FoundLetter) {
  const { at, writtenBy, route, target, code, message, stage, status, attempts, firstTime, lastTime, redrives, origin } = letter;
  return {
    partition: at.partition,
    offset: at.offset,
    state,
    state_since: mark?.time,
    redriven_to: mark?.to,
    written_by: writtenBy,
    route,
    target,
    code,
    message,
    stage,
    status,
    attempts,
    first_time: firstTime,
    last_time: lastTime,
    redrives,
    origin,
  };
}

function toShown(found: FoundLetter) {
  const { record, answer } = found.letter;
  return {
    ...toListed(found),
    answer,
    record: {
      key: toBytes(record.key),
      value: toBytes(record.value),
      headers: record.headers.map(({ name, value }) => ({ name, value: toBytes(value) })),
      timestamp: record.timestampMs,
    },
  };
}

/** As text where the bytes are UTF-8, otherwise in base64. */
function toBytes(given: Buffer | null) {
  if (given === null) return null;
  const text = given.toString();
  return Buffer.from(text).equals(given) ? { text } : { base64: given.toString("base64") };
}

function toOutcome({ at }: Letter, told: RedriveOutcome): v.InferOutput<typeof outcome> {
  const { partition: number, offset: position } = at;
  return told.outcome === "redriven"
    ? { partition: number, offset: position, outcome: told.outcome, to: told.to }
    : { partition: number, offset: position, outcome: told.outcome, message: told.error.message };
}
