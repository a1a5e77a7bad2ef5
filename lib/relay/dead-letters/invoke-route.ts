/** Hands one record to a route, as an event of its topic: to the route's handler in this process, or to its deployed function. */
import { RelayError } from "../../errors.js";
import { installed } from "../../installed.js";
import type { KafkaRecord } from "../../kafka/records.js";
import type { KafkaBatchResponse } from "../../kafka-event/shape.js";
import type { RelayHandler } from "../relay.js";
import type { RouteInvoker } from "./redrive.js";
import type { RedriveEvent, RedriveMark } from "./redrive-mark.js";

/** `handler` finds the route's handler by name; undefined: there is no such route. */
export function invokeInProcess(handler: (route: string) => Promise<RelayHandler | undefined>): RouteInvoker {
  return async (route, record, mark, deadline) => {
    const found = await handler(route);
    if (found === undefined) throw new RelayError("not-found", `Route ${JSON.stringify(route)} does not exist in this project.`);
    assertTaken(await found(toEvent(record, mark), { getRemainingTimeInMillis: deadline.leftMs }), route);
  };
}

interface FunctionPlace {
  /** `<service>-<stage>-`: the rest of a function's name is its route in camel case, as `serverless.yml` names it. */
  readonly prefix: string;
  readonly region: string | undefined;
  /** serverless-offline's Lambda API, which asks for no credentials; absent: AWS. */
  readonly endpoint: string | undefined;
}

export function invokeFunction({ prefix, region, endpoint }: FunctionPlace): RouteInvoker {
  return async (route, record, mark, deadline) => {
    const { LambdaClient, InvokeCommand } = await installed("@aws-sdk/client-lambda", () => import("@aws-sdk/client-lambda"));
    const client = new LambdaClient({
      maxAttempts: 1,
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint, credentials: { accessKeyId: "laptop", secretAccessKey: "laptop" } }),
    });
    const name = prefix + route.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    try {
      const command = new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(toEvent(record, mark))) });
      const answer = await client.send(command, { abortSignal: AbortSignal.timeout(Math.max(1, deadline.leftMs())) });
      const payload = JSON.parse(Buffer.from(answer.Payload ?? []).toString() || "null") as unknown;
      if (answer.FunctionError !== undefined) {
        const { errorMessage } = (payload ?? {}) as { readonly errorMessage?: unknown };
        throw new RelayError(
          "target-failed",
          `The route ${route} gave the record back: ${String(errorMessage ?? answer.FunctionError).slice(0, 1_000)}`,
        );
      }
      assertTaken(payload as KafkaBatchResponse | null, route);
    } catch (thrown) {
      if (thrown instanceof RelayError) throw thrown;
      const reason = thrown instanceof Error ? thrown.name : "no answer";
      throw new RelayError("target-failed", `The function ${name} of the route ${route} could not be invoked: ${reason}.`, {
        cause: thrown,
      });
    } finally {
      client.destroy();
    }
  };
}

function assertTaken(answer: KafkaBatchResponse | null | undefined, route: string): void {
  if ((answer?.batchItemFailures.length ?? 0) > 0) {
    throw new RelayError(
      "target-failed",
      `The route ${route} gave the record back, because its target does not accept it now. The route's log says why.`,
    );
  }
}

/** The record alone, at its first coordinates; a null header stays null, since no mapping stands between. */
function toEvent(redriven: KafkaRecord, relayRedrive: RedriveMark): RedriveEvent {
  const { topic, partition, offset, timestampMs, timestampType, key, value, headers } = redriven;
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
  return { eventSource: "SelfManagedKafka", bootstrapServers: "", records: { [`${topic}-${partition}`]: [record] }, relayRedrive };
}
