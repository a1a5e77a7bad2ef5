/** The target "lambda": another function is invoked with records. A repeat is a second invocation with the same `id` in its payload. */
import * as v from "valibot";
import { installed } from "../installed.js";
import { oneOf, text, whole } from "../option-values.js";
import type { Delivery, DeliveryOutcome, TargetDefinition } from "../relay/delivery.js";
import { type AwsOptions, callTimeoutMs, clientConfig, failedByAws, lazily } from "./aws.js";
import { type ElementKind, toElement } from "./element.js";
import { awsEntries, checkOptions } from "./options.js";
import { deliverByHalves, delivered, endsCall, failed, failedByRecord } from "./outcome.js";
import { assertNamed } from "./queue-calls.js";
import { toCalls } from "./queue-message.js";

export interface LambdaOptions extends AwsOptions {
  /** Name, partial or full ARN, with a version or alias if wanted. */
  readonly functionName: string;
  /** "wait" (default): the function's answer is the verdict. "queue": Lambda's acknowledgement is; what the function does with it is its own affair. */
  readonly invocation?: "wait" | "queue";
  /** "record" (default): `{id, topic, partition, offset, timestamp, headers, key, value}`; "value": the JSON value. */
  readonly element?: ElementKind;
  /** More than 1: the payload is a JSON array, answered as one; 1 where absent. */
  readonly recordsMax?: number;
}

/** Of a payload, by kind of invocation (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html); what is above goes alone and is answered by Lambda. */
const payloadBytesMax = { wait: 6_000_000, queue: 1_000_000 } as const;
const answerStartBytesMax = 1_024;

const optionEntries = {
  ...awsEntries,
  functionName: text,
  invocation: v.optional(oneOf("wait", "queue")),
  element: v.optional(oneOf("value", "record")),
  recordsMax: v.optional(whole(1, 10_000)),
};

export function lambda(options: LambdaOptions): TargetDefinition {
  checkOptions("lambda", options, optionEntries);
  assertNamed(/^[A-Za-z0-9_:$./-]{1,170}$/, options.functionName, "the name or ARN of a function");
  const { functionName, invocation = "wait", element = "record", recordsMax = 1 } = options;
  const name = `lambda ${functionName.replace(/^.*:function:/, "")}`;
  return {
    kind: "lambda",
    name,
    options: { ...options },
    open: (context) => {
      const client = lazily(
        async () =>
          new (await installed("@aws-sdk/client-lambda", () => import("@aws-sdk/client-lambda"))).LambdaClient(
            clientConfig(options, context),
          ),
        (made) => made.destroy(),
      );
      const invoke = async (payload: string, leftMs: number): Promise<DeliveryOutcome> => {
        try {
          const { InvokeCommand } = await installed("@aws-sdk/client-lambda", () => import("@aws-sdk/client-lambda"));
          const command = new InvokeCommand({
            FunctionName: functionName,
            InvocationType: invocation === "wait" ? "RequestResponse" : "Event",
            Payload: Buffer.from(payload),
          });
          const answer = await (await client.get()).send(command, { abortSignal: AbortSignal.timeout(callTimeoutMs(options, leftMs)) });
          if (answer.FunctionError === undefined) return delivered;
          const targetAnswer = Buffer.from(answer.Payload ?? [])
            .subarray(0, answerStartBytesMax)
            .toString("utf8");
          return failed("target-failed", `${name} ended with an error (${answer.FunctionError}).`, {
            targetStatus: answer.StatusCode ?? 200,
            targetAnswer,
          });
        } catch (thrown) {
          return failedByAws(thrown, name);
        }
      };
      return {
        kind: "lambda",
        name,
        deliveriesMax: recordsMax,
        deliver: (deliveries, deadline) =>
          deliverPayloads(deliveries, { element, recordsMax, bytesMax: payloadBytesMax[invocation] }, (payload) =>
            invoke(payload, deadline.leftMs()),
          ),
        close: client.forget,
      };
    },
  };
}

interface PayloadRules {
  readonly element: ElementKind;
  readonly recordsMax: number;
  readonly bytesMax: number;
}

/** One invocation after the other; after one that failed nothing is sent. */
async function deliverPayloads(
  deliveries: readonly Delivery[],
  { element, recordsMax, bytesMax }: PayloadRules,
  invoke: (payload: string) => Promise<DeliveryOutcome>,
): Promise<readonly DeliveryOutcome[]> {
  const outcomes = new Map<Delivery, DeliveryOutcome>();
  const items = itemsOf(deliveries, element, outcomes);
  const texts = new Map(items.map(({ delivery, text }) => [delivery, text]));
  const invokeWith = (some: readonly Delivery[]): Promise<DeliveryOutcome> => {
    const elements = some.map((each) => texts.get(each) ?? "null");
    return invoke(recordsMax === 1 ? elements.join() : `[${elements.join(",")}]`);
  };
  let stopped: DeliveryOutcome | undefined;
  for (const call of toCalls(items, recordsMax, bytesMax)) {
    const some = call.map(({ delivery }) => delivery);
    const held = stopped;
    const results = held !== undefined ? some.map(() => held) : await deliverByHalves(some, invokeWith);
    for (const [index, delivery] of some.entries()) outcomes.set(delivery, results[index] as DeliveryOutcome);
    stopped = results.find(endsCall);
  }
  return deliveries.map((delivery) => outcomes.get(delivery) as DeliveryOutcome);
}

/** Records that cannot be an element have their outcome at once. */
function itemsOf(deliveries: readonly Delivery[], element: ElementKind, outcomes: Map<Delivery, DeliveryOutcome>) {
  const items: { readonly delivery: Delivery; readonly text: string; readonly bytes: number }[] = [];
  for (const delivery of deliveries) {
    try {
      const text = toElement(delivery, element);
      items.push({ delivery, text, bytes: Buffer.byteLength(text) + 1 });
    } catch (thrown) {
      outcomes.set(delivery, failedByRecord(thrown));
    }
  }
  return items;
}
