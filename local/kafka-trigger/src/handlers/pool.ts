/** The workers of one function: one per concurrent invocation, kept warm, replaced when they end, when the code changes, or when they time out. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { InvocationOutcome } from "../poll/settle.js";
import { type Ended, type FunctionDefinition, HandlerWorker } from "./handler-worker.js";
import type { PackedEvent } from "./packed.js";

export interface HandlerPool {
  /** The worker owns the event's buffers from here on. Never rejects: whatever the handler does is a function error at most. */
  readonly invoke: (event: PackedEvent) => Promise<InvocationOutcome>;
  /** The loaded code is out of date: the next invocation loads it again, running invocations end normally. */
  readonly renew: () => void;
  readonly close: () => Promise<void>;
}

export function createHandlerPool(
  definition: FunctionDefinition,
  onError: (text: string) => void,
  workerFile = join(__dirname, "worker.cjs"),
  onReport: (report: unknown) => void = () => {},
): HandlerPool {
  const idle: HandlerWorker[] = [];
  const all = new Set<HandlerWorker>();
  let generation = 0;

  function onEnd(worker: HandlerWorker): void {
    all.delete(worker);
    const at = idle.indexOf(worker);
    if (at >= 0) idle.splice(at, 1);
  }

  function take(): HandlerWorker {
    const warm = idle.pop();
    if (warm !== undefined) return warm;
    const worker = new HandlerWorker({ definition, workerFile, generation, onError, onReport, onEnd });
    all.add(worker);
    return worker;
  }

  function giveBack(worker: HandlerWorker): void {
    if (worker.hasEnded) return;
    if (worker.generation === generation) idle.push(worker);
    else void worker.terminate();
  }

  return {
    invoke: async (event) => {
      const requestId = randomUUID();
      const worker = take();
      const ended = await worker.run(event, toContext(definition, requestId));
      giveBack(worker);
      return toOutcome(ended, requestId);
    },
    renew: () => {
      generation++;
      for (const worker of idle.splice(0)) void worker.terminate();
    },
    close: async () => {
      generation++;
      await Promise.all([...all].map((worker) => worker.terminate()));
    },
  };
}

function toOutcome(ended: Ended, requestId: string): InvocationOutcome {
  if (!ended.ok) return { ok: false, reason: ended.reason, requestId };
  return { ok: true, answer: ended.json === undefined ? undefined : JSON.parse(ended.json), requestId };
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
