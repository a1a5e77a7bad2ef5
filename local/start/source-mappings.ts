/**
 * The queues and streams of sources beside `npm start`: reads those of serverless.yml from an emulated AWS, and invokes their functions through serverless-offline's
 * Lambda API.
 */
import { projectFolder } from "../build/service-map.js";
import { readServiceFile } from "../serve/routes/service-file.js";
import { readOf } from "../sources/declared-sources.js";
import { ensureResource } from "../sources/emulated-aws.js";
import { type InvokeMapped, mapQueue, mapStream } from "../sources/mappings.js";

const [endpoint = "", region = "", lambdaPort = "", ours = "", stage = "local"] = process.argv.slice(2);
/** Declared queues, streams and tables are created in it. */
const isOurs = ours === "ours";
const batchSizeDefault = 10;
const invokeTimeoutMs = 900_000;

const ending = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => ending.abort());
const log = (line: string): void => console.log(line);

const aws = { endpoint, region };
const declared = readServiceFile(projectFolder, process.env, stage)?.functionsIn("functions/sources");
const { Resources: resources = {} } = (declared?.serverless.service.resources ?? {}) as {
  readonly Resources?: Parameters<typeof readOf>[1];
};

for (const [key, { events = [] }] of declared?.functions ?? []) {
  for (const { sqs, stream } of events as readonly { readonly sqs?: unknown; readonly stream?: unknown }[]) {
    const event = sqs ?? stream;
    if (event !== undefined)
      void map(key, event, sqs === undefined ? mapStream : mapQueue).catch((thrown: Error) => log(`${key}: ${thrown.message}`));
  }
}

/** Until this process ends. */
async function map(key: string, event: unknown, read: typeof mapQueue): Promise<void> {
  const given = (typeof event === "object" && event !== null && "arn" in event ? event : { arn: event }) as {
    readonly arn: unknown;
    readonly batchSize?: number;
  };
  const found = readOf(given.arn, resources, region);
  if ("fault" in found) throw new Error(`${found.fault}. Write its ARN in the emulated AWS as a parameter of the stage ${stage}.`);
  const made = isOurs && found.resource !== undefined ? await ensureResource(aws, found.resource) : undefined;
  const arn = found.arn ?? made;
  if (arn === undefined)
    throw new Error(`the table ${found.resource?.name} has no stream. Name the ARN of its stream in the emulated AWS.`);
  log(`${key}: reads ${arn} from ${endpoint}`);
  await read({ aws, arn, batchSize: given.batchSize ?? batchSizeDefault, invoke: invokeFunctionOf(key), signal: ending.signal, log });
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
