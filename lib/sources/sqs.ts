/** The sources "sqs" and "sns": messages of a queue (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html). What Kafka has not acknowledged stays in the queue. */
import { parseArn } from "./arn.js";
import { answerBatch, attributeHeaders, type EventObject, isEventObject, recordsOfEvent, textMember } from "./aws-event.js";
import type { SourceItem, SourceOrigin } from "./origin.js";

/** Of one message, with its attributes (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html). */
const messageBytesMax = 1_048_576;
/** The queue keeps what is not deleted, so an invocation need not try for long. */
const retryDeadlineMs = 60_000;

/** The messages of a standard or FIFO queue. A message's group, where it has one, is the record's key, and its order is kept. */
export function sqsQueue(): SourceOrigin {
  return queue("sqs", "queue", (message) => message);
}

/** The messages of an SNS topic that a queue subscribes to, as they were published: with raw message delivery, or taken out of SNS's envelope. */
export function snsMessages(): SourceOrigin {
  return queue("sns", "queue of a topic", published);
}

function queue(kind: string, name: string, read: (message: SourceItem) => SourceItem): SourceOrigin {
  return {
    kind,
    name,
    options: {},
    order: "key",
    recordBytesMax: messageBytesMax,
    retryDeadlineMs,
    bind: ({ contextOfEvent }) => ({
      handle: async (event, invocation) => {
        const records = recordsOfEvent(event, "aws:sqs", "an SQS queue");
        const context = contextOfEvent(invocation as never);
        const items = records.map((record, index) => read(toMessage(record, `event.Records[${index}]`, context.now())));
        const [results = []] = await context.pass([items], context.deadline);
        return answerBatch(
          records.map(({ messageId }) => String(messageId)),
          results,
          context,
        );
      },
    }),
  };
}

function toMessage(record: EventObject, place: string, nowMs: number): SourceItem {
  const arn = textMember(record, ["eventSourceARN"], place);
  const { body = "", attributes, messageAttributes } = record;
  const { MessageGroupId: group, SentTimestamp: sent } = isEventObject(attributes) ? attributes : {};
  return {
    id: `${arn}/${textMember(record, ["messageId"], place)}`,
    // A standard queue may have groups too, for fair sharing: they have no order there.
    key: typeof group === "string" && arn.endsWith(".fifo") ? Buffer.from(group) : null,
    value: Buffer.from(String(body)),
    headers: attributeHeaders(messageAttributes, { text: "stringValue", binary: "binaryValue" }),
    timestampMs: /^\d{1,15}$/.test(String(sent)) ? Number(sent) : nowMs,
    about: { source: arn, type: "aws.sqs.message", subject: parseArn(arn).resource },
  };
}

/** https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html */
function published(message: SourceItem): SourceItem {
  const notification = parsed(message.value);
  if (notification === undefined) return message;
  const { TopicArn: topic, MessageId: id, Message: text, Timestamp: time, Subject: subject, MessageAttributes: attributes } = notification;
  const timeMs = Date.parse(String(time));
  return {
    id: `${topic}/${id}`,
    key: message.key,
    value: Buffer.from(String(text)),
    headers: [
      ...(typeof subject === "string" ? [{ name: "subject", value: Buffer.from(subject) }] : []),
      ...attributeHeaders(textOrBinary(attributes), { text: "Value", binary: "Binary" }),
    ],
    timestampMs: Number.isNaN(timeMs) ? message.timestampMs : timeMs,
    about: { source: String(topic), type: "aws.sns.message", ...(typeof subject === "string" ? { subject } : {}) },
  };
}

/** SNS writes the value of every type under one name. */
function textOrBinary(attributes: unknown): EventObject {
  if (!isEventObject(attributes)) return {};
  return Object.fromEntries(
    Object.entries(attributes).map(([name, given]) => [
      name,
      isEventObject(given) && given.Type === "Binary" ? { Binary: given.Value } : given,
    ]),
  );
}

/** The envelope; undefined for a message that was delivered raw, whatever it holds. */
function parsed(value: Buffer | null): EventObject | undefined {
  try {
    const envelope: unknown = JSON.parse(value?.toString() ?? "");
    const isEnvelope =
      isEventObject(envelope) &&
      envelope.Type === "Notification" &&
      ["TopicArn", "MessageId", "Message"].every((name) => typeof envelope[name] === "string");
    return isEnvelope ? envelope : undefined;
  } catch {
    return undefined;
  }
}
