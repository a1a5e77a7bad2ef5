/**
 * The queues and streams of sources beside `npm start`: reads those of serverless.yml from the emulated AWS that AWS_ENDPOINT_URL names, and invokes their functions through
 * serverless-offline's Lambda API.
 */
import { projectFolder } from "../build/service-map.js";
import { readServiceFile } from "../serve/routes/service-file.js";
import { type InvokeMapped, mapQueue, mapStream } from "../sources/mappings.js";

const [endpoint = "", region = "", lambdaPort = "", stage = "local"] = process.argv.slice(2);
const batchSizeDefault = 10;
const invokeTimeoutMs = 900_000;

const ending = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => ending.abort());
const log = (line: string): void => console.log(line);

const declared = readServiceFile(projectFolder, process.env, stage)?.functionsIn("functions/sources");
for (const [key, { events = [] }] of declared?.functions ?? []) {
  for (const { sqs, stream } of events as readonly { readonly sqs?: unknown; readonly stream?: unknown }[]) {
    const event = sqs ?? stream;
    if (event === undefined) continue;
    const { arn, batchSize = batchSizeDefault } = (typeof event === "string" ? { arn: event } : event) as {
      readonly arn?: unknown;
      readonly batchSize?: number;
    };
    if (typeof arn !== "string") {
      log(
        `${key}: its ARN is a resource of the template, which does not exist here. Write the ARN of the emulated queue or stream as a parameter of the stage local.`,
      );
      continue;
    }
    const parts = { aws: { endpoint, region }, arn, batchSize, invoke: invokeFunctionOf(key), signal: ending.signal, log };
    void (sqs === undefined ? mapStream(parts) : mapQueue(parts));
    log(`${key}: reads ${arn} from ${endpoint}`);
  }
}

function invokeFunctionOf(key: string): InvokeMapped {
  return async (event) => {
    const response = await fetch(`http://127.0.0.1:${lambdaPort}/2015-03-31/functions/kafka-relay-${stage}-${key}/invocations`, {
      method: "POST",
      body: JSON.stringify(event),
      signal: AbortSignal.timeout(invokeTimeoutMs),
    });
    const text = await response.text();
    if (!response.ok || response.headers.has("x-amz-function-error")) throw new Error(`${key}: ${text.slice(0, 500)}`);
    return text === "" ? null : (JSON.parse(text) as Awaited<ReturnType<InvokeMapped>>);
  };
}
