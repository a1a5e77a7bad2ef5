/** A route's function, invoked from outside its mapping: by Lambda's API, or by serverless-offline's. */
import type { Config } from "../config.js";
import type { Deadline } from "../deadline.js";
import { RelayError } from "../errors.js";
import { installed } from "../installed.js";
import type { KafkaRecord } from "../kafka/records.js";
import type { KafkaEvent } from "../kafka-event/shape.js";

export interface FunctionPlace {
  /** `<service>-<stage>-`: the rest of a function's name is its route in camel case, as `serverless.yml` names it. */
  readonly prefix: string;
  /** The alias that is invoked; absent: the function itself. */
  readonly qualifier?: string | undefined;
  readonly region: string | undefined;
  /** serverless-offline's Lambda API, which asks for no credentials; absent: AWS. */
  readonly endpoint: string | undefined;
}

export const placeOfFunctions = (config: Config): FunctionPlace => ({
  prefix: config.RELAY_FUNCTION_PREFIX ?? "",
  qualifier: config.RELAY_FUNCTION_QUALIFIER,
  region: config.AWS_REGION,
  endpoint: config.RELAY_FUNCTION_ENDPOINT,
});

/** The function's answer. Throws `target-failed`, whose message begins with `failed`, for an error of the function. */
export async function invokeRouteFunction(
  { prefix, qualifier, region, endpoint }: FunctionPlace,
  route: string,
  event: unknown,
  deadline: Deadline,
  failed: string,
): Promise<unknown> {
  const { LambdaClient, InvokeCommand } = await installed("@aws-sdk/client-lambda", () => import("@aws-sdk/client-lambda"));
  const client = new LambdaClient({
    maxAttempts: 1,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint, credentials: { accessKeyId: "laptop", secretAccessKey: "laptop" } }),
  });
  const name = prefix + route.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  try {
    const command = new InvokeCommand({
      FunctionName: name,
      ...(qualifier === undefined ? {} : { Qualifier: qualifier }),
      Payload: Buffer.from(JSON.stringify(event)),
    });
    const answer = await client.send(command, { abortSignal: AbortSignal.timeout(Math.max(1, deadline.leftMs())) });
    const payload = JSON.parse(Buffer.from(answer.Payload ?? []).toString() || "null") as unknown;
    if (answer.FunctionError === undefined) return payload;
    const { errorMessage } = (payload ?? {}) as { readonly errorMessage?: unknown };
    throw new RelayError("target-failed", `${failed}: ${String(errorMessage ?? answer.FunctionError).slice(0, 1_000)}`);
  } catch (thrown) {
    if (thrown instanceof RelayError) throw thrown;
    const reason = thrown instanceof Error ? thrown.name : "no answer";
    throw new RelayError("target-failed", `The function ${name} of ${route} could not be invoked: ${reason}.`, { cause: thrown });
  } finally {
    client.destroy();
  }
}

/** The record alone, as Lambda's event; a null header stays null, since no mapping stands between. */
export function eventOf({ topic, partition, offset, timestampMs, timestampType, key, value, headers }: KafkaRecord): KafkaEvent {
  const record = {
    topic,
    partition,
    offset: Number(offset),
    timestamp: timestampMs,
    timestampType,
    ...(key === null ? {} : { key: key.toString("base64") }),
    ...(value === null ? {} : { value: value.toString("base64") }),
    headers: headers.map((header) => ({
      [header.name]: header.value === null ? (null as unknown as number[]) : [...new Int8Array(header.value)],
    })),
  };
  return { eventSource: "SelfManagedKafka", bootstrapServers: "", records: { [`${topic}-${partition}`]: [record] } };
}
