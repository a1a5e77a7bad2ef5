/** Writes dead letters, and makes their topic when it is first needed. What it does not take is told, so that the record is given back and not lost. */
import type { Deadline } from "../deadline.js";
import { RelayError, toRelayError } from "../errors.js";
import { describeConfigs } from "../kafka/admin/configs.js";
import { createTopics } from "../kafka/admin/topics.js";
import type { Kafka } from "../kafka/kafka.js";
import { parseTopicName } from "../kafka/topic-name.js";
import type { DeadLetters } from "./batch.js";
import { type DeadLetterOrigin, deadLetterTopicOf, headersBytesMax, toDeadLetter } from "./dead-letter.js";
import type { Entry } from "./entry.js";

const messageBytes = "max.message.bytes";

export interface DeadLetterOptions extends DeadLetterOrigin {
  readonly topic: string | undefined;
  /** Of a dead letter topic that is created here; -1: without end. */
  readonly retentionMs: number;
  readonly now: () => number;
}

export function createDeadLetters(kafka: () => Kafka, options: DeadLetterOptions): DeadLetters {
  return {
    write: async (entries, deadline) => {
      const answers = new Map<Entry, RelayError>();
      for (const source of new Set(entries.map(({ arrived }) => arrived.topic))) {
        const group = entries.filter(({ arrived }) => arrived.topic === source);
        const name = deadLetterTopicOf(source, options.topic);
        const refusals = await writeTo(kafka(), name, source, group, options, deadline);
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
  name: string,
  source: string,
  entries: readonly Entry[],
  options: DeadLetterOptions,
  deadline: Deadline,
): Promise<readonly (RelayError | undefined)[]> {
  try {
    const topic = parseTopicName(name);
    await ensureTopic(kafka, name, source, options.retentionMs, deadline);
    const records = entries.map((entry) => toDeadLetter(entry, options, options.now()));
    const outcomes = await kafka.producer.produce(topic, records, deadline);
    return outcomes.map((outcome) => (outcome.outcome === "written" ? undefined : outcome.error));
  } catch (thrown) {
    const error = toRelayError(thrown);
    return entries.map(() => error);
  }
}

/**
 * Created with room for what the source accepts in one record and the headers, and with settings that keep dead letters: a broker's own defaults may delete after
 * days, by size, or compact. Everything else is the brokers' default.
 */
async function ensureTopic(kafka: Kafka, name: string, source: string, retentionMs: number, deadline: Deadline): Promise<void> {
  try {
    await kafka.metadata.topic(name, deadline);
    return;
  } catch (thrown) {
    if (toRelayError(thrown).code !== "topic-not-found") throw thrown;
  }
  const [settings] = await describeConfigs(kafka, [{ kind: "topic", name: source }], deadline, { names: [messageBytes], synonyms: false });
  const sourceMax =
    settings === undefined || settings instanceof RelayError ? undefined : settings.find((entry) => entry.name === messageBytes)?.value;
  const configs = {
    [messageBytes]: String(Number(sourceMax ?? 1_048_588) + headersBytesMax),
    "cleanup.policy": "delete",
    "retention.ms": String(retentionMs),
    "retention.bytes": "-1",
  };
  const spec = { name, configs: Object.entries(configs).map(([setting, value]) => ({ name: setting, value })) };
  const [made] = await createTopics(kafka, [spec], deadline);
  // Somebody else may have been first.
  if (made instanceof RelayError && made.code !== "topic-exists") throw made;
  kafka.metadata.forget(name);
}

function toRefusal(error: RelayError, topic: string): RelayError {
  return new RelayError(error.code, `The dead letter topic ${topic} did not take the record: ${error.message}`, { cause: error });
}
