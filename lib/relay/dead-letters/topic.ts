/** The topic of dead letters: created so that it keeps them, and looked at where somebody else created it. */
import type { Deadline } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import { describeConfigs } from "../../kafka/admin/configs.js";
import { createTopics } from "../../kafka/admin/topics.js";
import type { Kafka } from "../../kafka/port.js";
import { headersBytesMax } from "./dead-letter.js";

const messageBytes = "max.message.bytes";
const messageBytesDefault = 1_048_588;
/** Kafka's word for "without end" in `retention.ms` and `retention.bytes`. */
const withoutEnd = "-1";

export interface DeadLetterTopic {
  readonly name: string;
  /** The topic whose records may end in it. */
  readonly source: string;
  /** The largest record, where no topic `source` exists that says it. */
  readonly recordBytesMax?: number | undefined;
  /** -1: without end. */
  readonly retentionMs: number;
}

/**
 * Created with room for what the source accepts in one record and the headers, and with settings that keep dead letters: a broker's own defaults may delete after
 * days, by size, or compact. Everything else is the brokers' default. False: it existed, and keeps the settings it was created with.
 */
export async function ensureDeadLetterTopic(kafka: Kafka, topic: DeadLetterTopic, deadline: Deadline): Promise<boolean> {
  const { name, source, retentionMs, recordBytesMax } = topic;
  try {
    await kafka.metadata.topic(name, deadline);
    return false;
  } catch (thrown) {
    if (toRelayError(thrown).code !== "topic-not-found") throw thrown;
  }
  const sourceBytesMax =
    recordBytesMax ?? Number((await settingsOf(kafka, source, [messageBytes], deadline))?.get(messageBytes) ?? messageBytesDefault);
  const configs = {
    [messageBytes]: String(sourceBytesMax + headersBytesMax),
    "cleanup.policy": "delete",
    "retention.ms": String(retentionMs),
    "retention.bytes": withoutEnd,
  };
  const spec = { name, configs: Object.entries(configs).map(([setting, value]) => ({ name: setting, value })) };
  const [made] = await createTopics(kafka, [spec], deadline);
  // Somebody else may have been first.
  if (made instanceof RelayError && made.code !== "topic-exists") throw made;
  kafka.metadata.forget(name);
  return !(made instanceof RelayError);
}

/** What of its settings loses dead letters that the route keeps longer, one sentence each; none where the topic does not exist or may not be asked about. */
export async function lossesOf(kafka: Kafka, { name, retentionMs }: DeadLetterTopic, deadline: Deadline): Promise<readonly string[]> {
  const settings = await settingsOf(kafka, name, ["cleanup.policy", "retention.ms", "retention.bytes"], deadline);
  if (settings === undefined) return [];
  const losses: string[] = [];
  const policy = settings.get("cleanup.policy") ?? "";
  const [kept, bytesKept] = [settings.get("retention.ms") ?? withoutEnd, settings.get("retention.bytes") ?? withoutEnd];
  const wanted = retentionMs === -1 ? "is configured to keep them forever" : `is configured to keep them for ${retentionMs} ms`;
  if (policy.includes("compact"))
    losses.push(
      `cleanup.policy=${policy}: a later dead letter with the same key replaces an earlier one, and one without a key is refused`,
    );
  if (policy.includes("delete") && kept !== withoutEnd && (retentionMs === -1 || Number(kept) < retentionMs))
    losses.push(`retention.ms=${kept}: the brokers delete dead letters after that time, but the route ${wanted}`);
  if (policy.includes("delete") && bytesKept !== withoutEnd)
    losses.push(`retention.bytes=${bytesKept}: the brokers delete the oldest dead letters of a partition beyond that size`);
  return losses;
}

async function settingsOf(kafka: Kafka, topic: string, names: readonly string[], deadline: Deadline) {
  const [entries] = await describeConfigs(kafka, [{ kind: "topic", name: topic }], deadline, { names, synonyms: false });
  if (entries === undefined || entries instanceof RelayError) return undefined;
  return new Map(entries.map(({ name, value }) => [name, value] as const));
}
