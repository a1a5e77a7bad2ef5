/** Writes dead letters, and makes their topic when it is first needed. Refused letters are reported, so that the record is given back and not lost. */
import { type Deadline, sooner } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import type { Kafka } from "../../kafka/port.js";
import { parseTopicName } from "../../kafka/topic-name.js";
import type { Entry } from "../batch/entry.js";
import type { DeadLetters } from "../batch/parts.js";
import type { Route } from "../route.js";
import { type DeadLetterOrigin, deadLetterTopicOf, toDeadLetter } from "./dead-letter.js";
import { type DeadLetterTopic, ensureDeadLetterTopic, lossesOf } from "./topic.js";

/** A request for the settings of a topic must not delay a batch. */
const askTimeoutMs = 2_000;

interface DeadLetterOptions extends DeadLetterOrigin {
  readonly topic: string | undefined;
  /** Of a dead letter topic that is created here; -1: without end. */
  readonly retentionMs: number;
  /** The largest record, where the records come from no topic. */
  readonly recordBytesMax?: number | undefined;
  readonly now: () => number;
  /** Called once for each setting of an existing topic that loses dead letters. */
  readonly warn: (topic: string, loss: string) => void;
}

/** What a route, or a source, says about its dead letters. */
type DeadLetterOwner = Pick<Route, "name" | "target" | "deadLetterTopic" | "deadLetterRetentionMs" | "recordBytesMax">;

/** `warn` is called once for each setting of an existing topic that loses dead letters. */
export function deadLettersOf(owner: DeadLetterOwner, kafka: () => Kafka, now: () => number, warn: DeadLetterOptions["warn"]): DeadLetters {
  return createDeadLetters(kafka, {
    route: owner.name,
    targetKind: owner.target.kind,
    targetName: owner.target.name,
    topic: owner.deadLetterTopic,
    retentionMs: owner.deadLetterRetentionMs,
    recordBytesMax: owner.recordBytesMax,
    now,
    warn,
  });
}

function createDeadLetters(kafka: () => Kafka, options: DeadLetterOptions): DeadLetters {
  const looked = new Set<string>();
  return {
    write: async (entries, deadline) => {
      const answers = new Map<Entry, RelayError>();
      for (const source of new Set(entries.map(({ arrived }) => arrived.topic))) {
        const group = entries.filter(({ arrived }) => arrived.topic === source);
        const name = deadLetterTopicOf(source, options.topic);
        const { retentionMs, recordBytesMax } = options;
        const refusals = await writeTo(kafka(), { name, source, retentionMs, recordBytesMax }, group, options, looked, deadline);
        for (const [index, refusal] of refusals.entries()) {
          const entry = group[index];
          if (refusal !== undefined && entry !== undefined) answers.set(entry, toRefusal(refusal, name));
        }
      }
      return entries.map((entry) => answers.get(entry));
    },
  };
}

async function writeTo(
  kafka: Kafka,
  topic: DeadLetterTopic,
  entries: readonly Entry[],
  options: DeadLetterOptions,
  looked: Set<string>,
  deadline: Deadline,
): Promise<readonly (RelayError | undefined)[]> {
  try {
    const name = parseTopicName(topic.name);
    const isOurs = await ensureDeadLetterTopic(kafka, topic, deadline);
    const records = entries.map((entry) => toDeadLetter(entry, options, options.now()));
    const outcomes = await kafka.producer.produce(name, records, deadline);
    if (!isOurs && !looked.has(name)) await warnOfLosses(kafka, topic, options, sooner(deadline, askTimeoutMs));
    looked.add(name);
    return outcomes.map((outcome) => (outcome.outcome === "written" ? undefined : outcome.error));
  } catch (thrown) {
    const error = toRelayError(thrown);
    return entries.map(() => error);
  }
}

/** A dead letter that is written is written, whatever can or cannot be learned of its topic. */
async function warnOfLosses(kafka: Kafka, topic: DeadLetterTopic, { warn }: DeadLetterOptions, deadline: Deadline): Promise<void> {
  try {
    for (const loss of await lossesOf(kafka, topic, deadline)) warn(topic.name, loss);
  } catch {
    // Nothing is known of its settings; `routes check --topics` says why.
  }
}

function toRefusal(error: RelayError, topic: string): RelayError {
  return new RelayError(error.code, `The dead letter topic ${topic} refused the record: ${error.message}`, { cause: error });
}
