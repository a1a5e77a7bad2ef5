/** A worker thread that holds one function: loads the user's handler once and runs one invocation at a time, by the rules of Lambda's Node.js runtime. */
import { subscribe } from "node:diagnostics_channel";
import { parentPort, workerData } from "node:worker_threads";
import { batchChannelName } from "../../../../lib/relay/status/batch-summary.js";
import { loadHandler } from "./load.js";
import { unpackEvent } from "./packed.js";
import type { InvocationMessage, WorkerMessage, WorkerStart } from "./protocol.js";

type Handler = (event: unknown, context: unknown, callback: (error: unknown, result?: unknown) => void) => unknown;

const start = workerData as WorkerStart;
let loading: Promise<Handler> | undefined;

const post = (message: WorkerMessage): void => parentPort?.postMessage(message);

// Routes of kafka-relay say there what a batch came to; the status shows it. Published before the answer, it arrives before it too.
subscribe(batchChannelName, (report) => post({ kind: "report", report }));

parentPort?.on("message", (message: InvocationMessage) => void run(message));

async function run({ id, event, timeoutMs, context }: InvocationMessage): Promise<void> {
  try {
    loading ??= loadHandler(start) as Promise<Handler>;
    const handler = await loading;
    const unpacked = unpackEvent(event);
    const endsAtMs = Date.now() + timeoutMs;
    post({ kind: "called", id });
    const result = await call(handler, unpacked, {
      ...context,
      getRemainingTimeInMillis: () => Math.max(0, endsAtMs - Date.now()),
    });
    post({ kind: "answer", id, json: toJson(result) });
  } catch (thrown) {
    post({ kind: "error", id, ...describe(thrown) });
  }
}

/** A promise, a callback, or `context.done` and its like, whichever comes first. */
function call(handler: Handler, event: unknown, context: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const callback = (error: unknown, result?: unknown): void => {
      if (error === undefined || error === null) resolve(result);
      else reject(error);
    };
    const withDone = {
      ...context,
      callbackWaitsForEmptyEventLoop: true,
      done: callback,
      fail: (error: unknown) => callback(error ?? "handled"),
      succeed: (result: unknown) => callback(undefined, result),
    };
    const returned = handler(event, withDone, callback);
    if (isThenable(returned)) returned.then(resolve, reject);
    // A handler that takes a callback has answered when it calls it; any other has with what it returned.
    else if (handler.length < 3) resolve(returned);
  });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** The answer of a synchronous invocation (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
const answerBytesMax = 6_291_556;

/** Of one UTF-16 unit. */
const utf8BytesMax = 3;

/** Members that JSON leaves out are accepted; a value that JSON refuses (circular, BigInt) is a function error. */
function toJson(result: unknown): string | undefined {
  let json: string | undefined;
  try {
    json = JSON.stringify(result === undefined ? null : result);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw Object.assign(new Error(`Unable to stringify response body: ${why}`), { name: "Runtime.MarshalError" });
  }
  if (json !== undefined && json.length > answerBytesMax / utf8BytesMax && Buffer.byteLength(json) > answerBytesMax) {
    throw Object.assign(new Error(`Response payload size exceeded maximum allowed payload size (${answerBytesMax} bytes).`), {
      name: "Function.ResponseSizeTooLarge",
    });
  }
  return json;
}

function describe(thrown: unknown): { readonly errorType: string; readonly errorMessage: string; readonly trace: string } {
  if (thrown instanceof Error || (typeof thrown === "object" && thrown !== null && "message" in thrown)) {
    const error = thrown as Partial<Error>;
    return { errorType: error.name ?? "Error", errorMessage: String(error.message), trace: ownFrames(error.stack ?? "") };
  }
  return { errorType: typeof thrown, errorMessage: String(thrown), trace: "" };
}

/** The stack down to the call of the handler: the frames below belong to this file, not to the user. */
function ownFrames(stack: string): string {
  const lines = stack.split("\n");
  const ours = lines.findIndex((line) => line.includes(__filename));
  return (ours < 0 ? lines : lines.slice(0, ours)).join("\n");
}
