/** The target "sqs": records become messages, ten a call; on a FIFO queue in order, and a repeat within five minutes adds no second message. */

import * as v from "valibot";
import { installed } from "../installed.js";
import { oneOf, text, whole } from "../option-values.js";
import type { Delivery, TargetDefinition } from "../relay/delivery.js";
import { type AwsOptions, clientConfig } from "./aws.js";
import type { ElementKind } from "./element.js";
import { assertConsistent } from "./option-checks.js";
import { awsEntries, checkOptions } from "./options.js";
import { queueTarget } from "./queue.js";
import { assertNamed, refusalsOf } from "./queue-calls.js";
import { type FifoGroup, fifoIds, groupOf, toMessageAttributes, toQueueMessage } from "./queue-message.js";

export interface SqsOptions extends AwsOptions {
  /** `https://sqs.<region>.amazonaws.com/<account>/<name>`; a name that ends in `.fifo` is a FIFO queue's. */
  readonly queueUrl: string;
  /** "value" (default): the value's text. "record": JSON with everything. */
  readonly element?: ElementKind;
  /** Of FIFO queues: what is kept in order, "partition" (default) or "key". */
  readonly groupBy?: FifoGroup;
  /** Seconds before a message is seen; standard queues only. */
  readonly delaySeconds?: number;
}

const optionEntries = {
  ...awsEntries,
  queueUrl: text,
  element: v.optional(oneOf("value", "record")),
  groupBy: v.optional(oneOf("partition", "key")),
  delaySeconds: v.optional(whole(0, 900)),
};

export function sqs(options: SqsOptions): TargetDefinition {
  checkOptions("sqs", options, optionEntries);
  assertNamed(/^https?:\/\/[^/]+\/.+/, options.queueUrl, "the URL of a queue");
  const { queueUrl, element = "value", groupBy = "partition" } = options;
  assertConsistent("sqs", [
    queueUrl.endsWith(".fifo") && options.delaySeconds !== undefined && "delaySeconds: a FIFO queue has no delay per message",
    !queueUrl.endsWith(".fifo") && options.groupBy !== undefined && "groupBy: applies to FIFO queues only, whose names end in .fifo",
  ]);
  const name = queueUrl.replace(/^https?:\/\/[^/]+\//, "sqs ");
  const isFifo = queueUrl.endsWith(".fifo");
  const toEntry = (delivery: Delivery) => ({ ...toQueueMessage(delivery, element), ...(isFifo ? fifoIds(delivery, groupBy) : {}) });
  return queueTarget({
    kind: "sqs",
    name,
    options,
    toEntry,
    groupOf: isFifo ? groupOf : undefined,
    createClient: async (context) =>
      new (await installed("@aws-sdk/client-sqs", () => import("@aws-sdk/client-sqs"))).SQSClient(clientConfig(options, context)),
    send: async (client, entries, abortSignal) => {
      const { SendMessageBatchCommand } = await installed("@aws-sdk/client-sqs", () => import("@aws-sdk/client-sqs"));
      const Entries = entries.map(({ body, attributes, bytes: _, ...fifo }, index) => ({
        Id: String(index),
        MessageBody: body,
        MessageAttributes: toMessageAttributes(attributes),
        ...fifo,
        ...(options.delaySeconds === undefined ? {} : { DelaySeconds: options.delaySeconds }),
      }));
      return refusalsOf(entries.length, await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }), { abortSignal }));
    },
  });
}
