/** The shapes of dead letters: what requests may ask for, and how letters and outcomes are written. Pure. */
import * as v from "valibot";
import { isInternalTopic } from "../../kafka/topic-name.js";
import { whole } from "../../option-values.js";
import type { Letter } from "../../relay/dead-letters/letter.js";
import type { FoundLetter } from "../../relay/dead-letters/letters.js";
import type { RedriveOutcome } from "../../relay/dead-letters/redrive.js";
import { timestampForm, toTimestampMs } from "../timestamp.js";

const listLimitMax = 1_000;

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
export const inLetterTopic = v.object({ topic: topicName });
export const atPlace = v.object({
  topic: topicName,
  partition: wholeText(2_147_483_647),
  offset: v.pipe(
    v.string(),
    v.regex(/^\d{1,19}$/, "must be an offset: a whole number of 0 or more"),
    v.transform((text) => BigInt(text)),
  ),
});

export const listQuery = v.object({
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
export const redriveBody = v.strictObject({
  ...choiceFields,
  destination: v.optional(v.picklist(["route", "topic"]), "route"),
  name: v.optional(v.string()),
  state: v.optional(v.picklist(states)),
  rate_per_second: v.optional(whole(1, 1_000)),
  redrives_max: v.optional(whole(1, 1_000)),
});
export const discardBody = v.strictObject(choiceFields);

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
export const letterList = v.object({ letters: v.array(v.object(letterFields)), next_after: v.nullable(v.string()) });
export const shownLetter = v.object({
  ...letterFields,
  answer: v.optional(v.string()),
  record: v.object({ key: bytes, value: bytes, headers: v.array(v.object({ name: v.string(), value: bytes })), timestamp: v.number() }),
});
export const outcome = v.object({
  partition: v.number(),
  offset: v.bigint(),
  outcome: v.string(),
  to: v.optional(v.string()),
  message: v.optional(v.string()),
});
export const redriveAnswer = v.object({
  redriven: v.number(),
  failed: v.number(),
  skipped: v.number(),
  has_more: v.boolean(),
  outcomes: v.array(outcome),
});
export const discardAnswer = v.object({ discarded: v.number(), has_more: v.boolean() });

export function toListed({ letter, state, mark }: FoundLetter) {
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

export function toShown(found: FoundLetter) {
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

export function toRedriveRow({ at }: Letter, result: RedriveOutcome): v.InferOutput<typeof outcome> {
  const { partition: number, offset: position } = at;
  return result.outcome === "redriven"
    ? { partition: number, offset: position, outcome: result.outcome, to: result.to }
    : { partition: number, offset: position, outcome: result.outcome, message: result.error.message };
}
