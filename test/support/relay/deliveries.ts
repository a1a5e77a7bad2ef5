/** Deliveries as the relay hands them to a target, and a context to open targets in: what a test does not say has a plain default. */
import { createDeadline, type Deadline } from "../../../lib/deadline.js";
import type { KafkaRecord, RecordHeader } from "../../../lib/kafka/records.js";
import type { Delivery, DeliveryOutcome, TargetContext } from "../../../lib/relay/delivery.js";
import { RecordDocument } from "../../../lib/relay/route/document.js";
import { createSecrets } from "../../../lib/secrets.js";

export interface DeliveryOptions {
  readonly id?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: bigint | number;
  readonly key?: string | Buffer | null;
  readonly value?: string | Buffer | null | object;
  readonly headers?: readonly (readonly [name: string, value: string | Buffer | null])[];
  readonly timestampMs?: number;
  readonly generation?: number;
  readonly attempt?: number;
}

const bytes = (from: string | Buffer | null): Buffer | null => (typeof from === "string" ? Buffer.from(from) : from);

export function delivery(options: DeliveryOptions = {}): Delivery {
  const { topic = "orders", partition = 0, timestampMs = 1_700_000_000_000 } = options;
  const offset = BigInt(options.offset ?? 0);
  const { value: given = {} } = options;
  const value = typeof given === "object" && given !== null && !Buffer.isBuffer(given) ? JSON.stringify(given) : given;
  const headers: RecordHeader[] = (options.headers ?? []).map(([name, header]) => ({ name, value: bytes(header) }));
  const content = { key: bytes(options.key ?? null), value: bytes(value), headers, timestampMs };
  const source: KafkaRecord = { topic, partition, offset, timestampType: "CREATE_TIME", ...content };
  const document = new RecordDocument(source);
  const id = options.id ?? `test/${topic}/${partition}/${offset}`;
  const { generation = 0, attempt = 1 } = options;
  return { id, message: document.message, source, generation, attempt, textAt: document.textAt };
}

export function targetContext(context: Partial<TargetContext> = {}): TargetContext {
  return {
    kafka: () => {
      throw new Error("this test has no cluster");
    },
    secret: createSecrets({ environment: () => undefined }),
    allowPrivateAddresses: true,
    region: "us-east-1",
    ...context,
  };
}

export const soon = (timeoutMs = 10_000): Deadline => createDeadline(timeoutMs);

/** "delivered", or whose fault and the failure's code: what a table of verdicts compares. */
export function verdictOf(outcome: DeliveryOutcome | undefined): string {
  if (outcome === undefined) return "no outcome";
  return outcome.verdict === "delivered" ? "delivered" : `${outcome.error.failure.blame}: ${outcome.error.code}`;
}
