/**
 * Does a route's source topic allow records that Lambda cannot hand over? AWS drops such a record, and no route ever sees it. Only the brokers know the setting, so
 * they are asked for it: by `routes check --topics`, and by a deployment that reaches them.
 */
import { parseConfig } from "../../../lib/config.js";
import { createDeadline, type Deadline } from "../../../lib/deadline.js";
import { RelayError, toRelayError } from "../../../lib/errors.js";
import { describeConfigs } from "../../../lib/kafka/admin/configs.js";
import { createKafka, type Kafka, toKafkaOptions } from "../../../lib/kafka/kafka.js";
import { envelopeBytesMax, payloadBytesMax } from "../../kafka-trigger/src/poll/batcher.js";

interface SourceTopic {
  readonly functionKey: string;
  readonly topic: string;
}

export interface SourceTopicReport {
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

/** Topic, partition, offset, time and names of one record as JSON. */
const frameBytesMax = 1_024;
/** Key and value of a record stand as base64 in an invocation of 6 MB: so many of their bytes fit. */
export const sourceRecordBytesMax = Math.floor(((payloadBytesMax - envelopeBytesMax - frameBytesMax) * 3) / 4);
const setting = "max.message.bytes";

/** A topic that does not exist yet, or that we may not describe, is a warning: its setting is unknown. `largeTopics` were declared to hold no such record. */
export async function checkSourceTopics(
  kafka: Kafka,
  sources: readonly SourceTopic[],
  largeTopics: readonly string[],
  deadline: Deadline,
): Promise<SourceTopicReport> {
  const names = [...new Set(sources.map(({ topic }) => topic))].filter((topic) => !largeTopics.includes(topic));
  const resources = names.map((name) => ({ kind: "topic", name }) as const);
  const answers = await describeConfigs(kafka, resources, deadline, { names: [setting], synonyms: false });
  const faults: string[] = [];
  const warnings: string[] = [];
  for (const [index, name] of names.entries()) {
    const answer = answers[index];
    const readers = sources.filter(({ topic }) => topic === name).map(({ functionKey }) => functionKey);
    if (answer === undefined || answer instanceof RelayError) {
      warnings.push(
        `${setting} of the source topic ${name} (${readers.join(", ")}) is unknown: ${answer?.message ?? "the broker did not answer"}`,
      );
      continue;
    }
    const bytes = Number(answer.find((one) => one.name === setting)?.value);
    if (bytes > sourceRecordBytesMax) faults.push(tooLarge(name, bytes, readers));
  }
  return { faults, warnings };
}

function tooLarge(topic: string, bytes: number, readers: readonly string[]): string {
  return (
    `function ${readers.join(", ")}: its source topic ${topic} has ${setting} ${bytes}, but Lambda delivers records of at most ${sourceRecordBytesMax} bytes: it drops larger ones, and the route never receives them. ` +
    `Lower the topic's ${setting}, run the route with kafka-relay run, or name the topic in largeTopics if its producers never write such records.`
  );
}

const askTimeoutMs = 10_000;
const unknownWords = "The max.message.bytes of the source topics was not checked";
const elsewhereWords = "run kafka-relay routes check --topics where the brokers can be reached";

/** At a deployment. Brokers that are not named, or not reachable from here, are a warning. */
export async function checkDeployedSourceTopics(
  sources: readonly SourceTopic[],
  largeTopics: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<SourceTopicReport> {
  if (sources.length === 0) return { faults: [], warnings: [] };
  if ((environment.KAFKA_BROKERS ?? "") === "")
    return { faults: [], warnings: [`${unknownWords}, because no brokers are configured: ${elsewhereWords}`] };
  let kafka: Kafka | undefined;
  try {
    kafka = createKafka(toKafkaOptions(parseConfig(environment)));
    return await checkSourceTopics(kafka, sources, largeTopics, createDeadline(askTimeoutMs));
  } catch (thrown) {
    return { faults: [], warnings: [`${unknownWords} (${toRelayError(thrown).message}): ${elsewhereWords}`] };
  } finally {
    await kafka?.close();
  }
}
