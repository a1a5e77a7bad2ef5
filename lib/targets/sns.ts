/** The target "sns": records are published, ten a call; on a FIFO topic in order, and a repeat within five minutes adds no second message. */

import * as v from "valibot";
import { installed } from "../installed.js";
import { oneOf, text } from "../option-values.js";
import type { Delivery, TargetDefinition } from "../relay/delivery.js";
import { type AwsOptions, clientConfig } from "./aws.js";
import type { ElementKind } from "./element.js";
import { assertConsistent } from "./option-checks.js";
import { awsEntries, checkOptions, made } from "./options.js";
import { queueTarget } from "./queue.js";
import { assertNamed, refusalsOf } from "./queue-calls.js";
import { type FifoGroup, fifoIds, groupOf, toMessageAttributes, toQueueMessage } from "./queue-message.js";

export interface SnsOptions extends AwsOptions {
  /** `arn:aws:sns:<region>:<account>:<name>`; a name that ends in `.fifo` is a FIFO topic's. */
  readonly topicArn: string;
  /** "value" (default): the value's text. "record": JSON with everything. */
  readonly element?: ElementKind;
  /** Of FIFO topics: what is kept in order, "partition" (default) or "key". */
  readonly groupBy?: FifoGroup;
  /** The subject of e-mail, made of the delivery; printable ASCII, at most 100 characters. */
  readonly subject?: (delivery: Delivery) => string | undefined;
}

const optionEntries = {
  ...awsEntries,
  topicArn: text,
  element: v.optional(oneOf("value", "record")),
  groupBy: v.optional(oneOf("partition", "key")),
  subject: v.optional(made),
};

export function sns(options: SnsOptions): TargetDefinition {
  checkOptions("sns", options, optionEntries);
  assertNamed(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+$/, options.topicArn, "the ARN of an SNS topic");
  const { topicArn, element = "value", groupBy = "partition" } = options;
  assertConsistent("sns", [
    !topicArn.endsWith(".fifo") && options.groupBy !== undefined && "groupBy: applies to FIFO topics only, whose names end in .fifo",
  ]);
  const name = topicArn.replace(/^.*:/, "sns ");
  const isFifo = topicArn.endsWith(".fifo");
  const toEntry = (delivery: Delivery) => {
    const subject = options
      .subject?.(delivery)
      ?.replace(/[^\x20-\x7e]/g, "?")
      .slice(0, 100);
    return {
      ...toQueueMessage(delivery, element),
      ...(isFifo ? fifoIds(delivery, groupBy) : {}),
      ...(subject === undefined || subject === "" ? {} : { Subject: subject }),
    };
  };
  return queueTarget({
    kind: "sns",
    name,
    options,
    toEntry,
    groupOf: isFifo ? groupOf : undefined,
    createClient: async (context) =>
      new (await installed("@aws-sdk/client-sns", () => import("@aws-sdk/client-sns"))).SNSClient(clientConfig(options, context)),
    send: async (client, entries, abortSignal) => {
      const { PublishBatchCommand } = await installed("@aws-sdk/client-sns", () => import("@aws-sdk/client-sns"));
      const PublishBatchRequestEntries = entries.map(({ body, attributes, bytes: _, ...more }, index) => ({
        Id: String(index),
        Message: body,
        MessageAttributes: toMessageAttributes(attributes),
        ...more,
      }));
      const command = new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries });
      return refusalsOf(entries.length, await client.send(command, { abortSignal }));
    },
  });
}
