/** A function behind Lambda's Invoke API, for a trigger to call: in serverless-offline (port 3002), in a container, or deployed. */
import type { KafkaEvent } from "../../../lib/kafka-event/shape.js";
import { loadSdk } from "./sdk.js";

export interface LambdaFunctionOptions {
  /** "http://127.0.0.1:3002"; absent: the AWS SDK of the project in `folder` finds region and credentials. */
  readonly endpoint?: string;
  /** Where `@aws-sdk/client-lambda` is installed; the working directory where absent. */
  readonly folder?: string;
  readonly timeoutMs?: number;
}

/** The longest that AWS allows with a Kafka trigger. */
const timeoutDefaultMs = 14 * 60_000;

interface Answered {
  readonly functionError: string | undefined;
  readonly text: string;
}

/** The returned function resolves to the function's response; it rejects where the function failed or cannot be reached. */
export function lambdaFunction(name: string, options: LambdaFunctionOptions = {}): (event: KafkaEvent) => Promise<unknown> {
  const { endpoint, folder = ".", timeoutMs = timeoutDefaultMs } = options;
  const ask = endpoint === undefined ? bySdk(name, folder, timeoutMs) : byFetch(name, endpoint, timeoutMs);
  return async (event) => {
    const { functionError, text } = await ask(JSON.stringify(event));
    if (functionError === undefined) return text === "" ? undefined : parse(text);
    const { errorType, errorMessage } = (parse(text) ?? {}) as { readonly errorType?: string; readonly errorMessage?: string };
    throw Object.assign(new Error(errorMessage ?? functionError), { name: errorType ?? functionError });
  };
}

function byFetch(name: string, endpoint: string, timeoutMs: number): (body: string) => Promise<Answered> {
  const url = new URL(`/2015-03-31/functions/${encodeURIComponent(name)}/invocations`, endpoint);
  return async (body) => {
    const answer = await fetch(url, { method: "POST", body, signal: AbortSignal.timeout(timeoutMs) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${url.host} answered ${answer.status} for the function ${name}: ${text.slice(0, 200)}`);
    // A function's error comes as a success with this header.
    return { functionError: answer.headers.get("x-amz-function-error") ?? undefined, text };
  };
}

function bySdk(name: string, folder: string, timeoutMs: number): (body: string) => Promise<Answered> {
  const { LambdaClient, InvokeCommand } = loadSdk<typeof import("@aws-sdk/client-lambda")>("@aws-sdk/client-lambda", folder);
  const client = new LambdaClient({ maxAttempts: 1 });
  return async (body) => {
    const command = new InvokeCommand({ FunctionName: name, Payload: Buffer.from(body) });
    const { FunctionError, Payload } = await client.send(command, { abortSignal: AbortSignal.timeout(timeoutMs) });
    return { functionError: FunctionError, text: Payload === undefined ? "" : Buffer.from(Payload).toString("utf8") };
  };
}

/** serverless-offline's text of a string is not always JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
