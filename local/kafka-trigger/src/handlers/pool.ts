/** The workers of one function: as many as there are invocations at once, kept warm, replaced when they end, when the code changes, or when their time is over. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { InvocationOutcome } from "../poll/settle.js";
import { buffersOf, type PackedEvent } from "./packed.js";
import type { InvocationMessage, WorkerMessage, WorkerStart } from "./protocol.js";

export interface FunctionDefinition extends WorkerStart {
  readonly functionName: string;
  readonly functionArn: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
}

export interface HandlerPool {
  /** The worker owns the event's buffers from here on. Never rejects: what a handler does to itself is a function error. */
  readonly invoke: (event: PackedEvent) => Promise<InvocationOutcome>;
  /** What is loaded is out of date: the next invocation loads it anew; what runs goes on to its end. */
  readonly renew: () => void;
  readonly close: () => Promise<void>;
}

interface Member {
  readonly worker: Worker;
  readonly generation: number;
  /** Set while it runs an invocation. */
  inHand: InHand | undefined;
}

interface InHand {
  readonly called: () => void;
  readonly settle: (outcome: Ended) => void;
}

type Ended = { readonly ok: true; readonly json: string | undefined } | { readonly ok: false; readonly reason: string };

/** Lambda gives a function's code so long to load (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html). */
const loadTimeoutMs = 10_000;

export function createHandlerPool(
  definition: FunctionDefinition,
  onError: (text: string) => void,
  workerFile = join(__dirname, "worker.cjs"),
): HandlerPool {
  const idle: Member[] = [];
  const all = new Set<Member>();
  let generation = 0;
  let lastId = 0;

  function open(): Member {
    const worker = new Worker(workerFile, {
      workerData: {
        serviceFolder: definition.serviceFolder,
        handler: definition.handler,
        tsxFrom: definition.tsxFrom,
      } satisfies WorkerStart,
      env: { ...definition.environment },
      resourceLimits: { maxOldGenerationSizeMb: definition.memoryMb },
    });
    const member: Member = { worker, generation, inHand: undefined };
    all.add(member);
    worker.on("message", (message: WorkerMessage) => {
      if (message.kind === "called") member.inHand?.called();
      else if (message.kind === "answer") member.inHand?.settle({ ok: true, json: message.json });
      else {
        if (message.trace !== "") onError(message.trace);
        member.inHand?.settle({ ok: false, reason: `${message.errorType}: ${message.errorMessage}` });
      }
    });
    worker.on("error", (error) => {
      const reason = toReason(error, definition.memoryMb);
      // Beside an invocation nobody waits for it: it is told, and the next invocation gets a fresh worker.
      const isBetween = member.inHand === undefined && all.has(member);
      onError(`${isBetween ? `${definition.functionName}, between two invocations: ` : ""}${isOutOfMemory(error) ? reason : error.stack}`);
      end(member, reason);
    });
    worker.on("exit", (code) => end(member, `Runtime.ExitError: the handler ended its process with exit code ${code}`));
    return member;
  }

  function end(member: Member, reason: string): void {
    all.delete(member);
    const at = idle.indexOf(member);
    if (at >= 0) idle.splice(at, 1);
    member.inHand?.settle({ ok: false, reason });
  }

  function retire(member: Member): void {
    all.delete(member);
    void member.worker.terminate();
  }

  function take(): Member {
    for (;;) {
      const member = idle.pop();
      if (member === undefined) return open();
      if (member.generation === generation) return member;
      retire(member);
    }
  }

  async function invoke(event: PackedEvent): Promise<InvocationOutcome> {
    const requestId = randomUUID();
    const member = take();
    let timer: NodeJS.Timeout | undefined;
    const ended = await new Promise<Ended>((settle) => {
      const limit = (ms: number, reason: string) => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          retire(member);
          settle({ ok: false, reason });
        }, ms);
      };
      const { timeoutMs } = definition;
      member.inHand = {
        settle,
        called: () => limit(timeoutMs, `Sandbox.Timedout: the function did not answer within its timeout of ${timeoutMs / 1000} s`),
      };
      limit(loadTimeoutMs, `Sandbox.Timedout: the function's code was not loaded within ${loadTimeoutMs / 1000} s`);
      const message: InvocationMessage = { id: ++lastId, event, timeoutMs, context: toContext(definition, requestId) };
      member.worker.postMessage(message, buffersOf(event));
    });
    clearTimeout(timer);
    member.inHand = undefined;
    if (all.has(member)) {
      if (member.generation === generation) idle.push(member);
      else retire(member);
    }
    return ended.ok
      ? { ok: true, answer: ended.json === undefined ? undefined : JSON.parse(ended.json), requestId }
      : { ok: false, reason: ended.reason, requestId };
  }

  return {
    invoke,
    renew: () => {
      generation++;
      for (const member of idle.splice(0)) retire(member);
    },
    close: async () => {
      generation++;
      await Promise.all([...all].map(({ worker }) => worker.terminate()));
    },
  };
}

function toContext({ functionName, functionArn, memoryMb }: FunctionDefinition, requestId: string): Readonly<Record<string, unknown>> {
  return {
    awsRequestId: requestId,
    functionName,
    functionVersion: "$LATEST",
    invokedFunctionArn: functionArn,
    memoryLimitInMB: String(memoryMb),
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: `local/[$LATEST]${requestId}`,
  };
}

function isOutOfMemory(error: Error & { readonly code?: string }): boolean {
  return error.code === "ERR_WORKER_OUT_OF_MEMORY";
}

function toReason(error: Error, memoryMb: number): string {
  if (isOutOfMemory(error)) return `Runtime.OutOfMemory: the handler used more than its ${memoryMb} MB`;
  return `${error.name}: ${error.message}`;
}
