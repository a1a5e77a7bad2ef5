/** One worker of a function: runs one invocation at a time, within the times that the function and its loading have. */
import { Worker } from "node:worker_threads";
import { buffersOf, type PackedEvent } from "./packed.js";
import type { InvocationMessage, WorkerMessage, WorkerStart } from "./protocol.js";

export interface FunctionDefinition extends WorkerStart {
  readonly functionName: string;
  readonly functionArn: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
}

/** How an invocation ended: with the JSON of its response, or with the reason of a function error. */
export type Ended = { readonly ok: true; readonly json: string | undefined } | { readonly ok: false; readonly reason: string };

interface HandlerWorkerOptions {
  readonly definition: FunctionDefinition;
  readonly workerFile: string;
  /** Counts how often the code has changed. */
  readonly generation: number;
  /** Called with what a handler's error prints. */
  readonly onError: (text: string) => void;
  /** Called with what a route says of its batch. */
  readonly onReport: (report: unknown) => void;
  /** The worker has ended, or is being ended: nothing more may run in it. */
  readonly onEnd: (worker: HandlerWorker) => void;
}

/**
 * Lambda allows a function's code this long to load, and then tries once more within the function's own timeout
 * (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html). Here, the first try goes on: on a busy laptop, a second one would begin with nothing.
 */
const loadTimeoutMs = 10_000;

export class HandlerWorker {
  readonly #options: HandlerWorkerOptions;
  readonly #worker: Worker;
  /** Ends the running invocation; undefined between two invocations. */
  #settle: ((outcome: Ended) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** What ended the worker, until its exit. */
  #crash: Error | undefined;
  #hasEnded = false;
  #lastId = 0;

  constructor(options: HandlerWorkerOptions) {
    const { serviceFolder, handler, tsxFrom, environment, memoryMb } = options.definition;
    this.#options = options;
    this.#worker = new Worker(options.workerFile, {
      workerData: { serviceFolder, handler, tsxFrom } satisfies WorkerStart,
      env: { ...environment },
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    });
    this.#worker.on("message", (message: WorkerMessage) => this.#received(message));
    // Errors and messages come through ports of their own, in either order; at the exit every message has been received.
    this.#worker.on("error", (error) => {
      this.#crash = error;
      this.#markEnded();
    });
    this.#worker.on("exit", (code) => this.#exited(code));
  }

  get generation(): number {
    return this.#options.generation;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The event's buffers move to the worker. Never rejects. */
  async run(event: PackedEvent, context: Readonly<Record<string, unknown>>): Promise<Ended> {
    const { timeoutMs } = this.#options.definition;
    const ended = await new Promise<Ended>((settle) => {
      this.#settle = settle;
      const limitMs = Math.max(loadTimeoutMs, timeoutMs);
      this.#limit(limitMs, `Sandbox.Timedout: the function's code was not loaded within ${limitMs / 1000} s`);
      const message: InvocationMessage = { id: ++this.#lastId, event, timeoutMs, context };
      this.#worker.postMessage(message, buffersOf(event));
    });
    clearTimeout(this.#timer);
    this.#settle = undefined;
    return ended;
  }

  async terminate(): Promise<void> {
    this.#markEnded();
    await this.#worker.terminate();
  }

  #received(message: WorkerMessage): void {
    const { timeoutMs } = this.#options.definition;
    switch (message.kind) {
      case "called":
        this.#limit(timeoutMs, `Sandbox.Timedout: the function did not answer within its timeout of ${timeoutMs / 1000} s`);
        return;
      case "report":
        this.#options.onReport(message.report);
        return;
      case "answer":
        this.#settle?.({ ok: true, json: message.json });
        return;
      case "error":
        if (message.trace !== "") this.#options.onError(message.trace);
        this.#settle?.({ ok: false, reason: `${message.errorType}: ${message.errorMessage}` });
    }
  }

  #exited(code: number): void {
    const { functionName, memoryMb } = this.#options.definition;
    this.#markEnded();
    const error = this.#crash;
    if (error === undefined) {
      this.#settle?.({ ok: false, reason: `Runtime.ExitError: the handler ended its process with exit code ${code}` });
      return;
    }
    const reason = toReason(error, memoryMb);
    const said = isOutOfMemory(error) ? reason : String(error.stack);
    // Between two invocations nobody waits for the worker: the log alone says what happened, and to which function.
    this.#options.onError(this.#settle === undefined ? `${functionName}, between two invocations: ${said}` : said);
    this.#settle?.({ ok: false, reason });
  }

  #limit(ms: number, reason: string): void {
    clearTimeout(this.#timer);
    if (this.#settle === undefined) return;
    this.#timer = setTimeout(() => {
      void this.terminate();
      this.#settle?.({ ok: false, reason });
    }, ms);
  }

  #markEnded(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#options.onEnd(this);
  }
}

function isOutOfMemory(error: Error & { readonly code?: string }): boolean {
  return error.code === "ERR_WORKER_OUT_OF_MEMORY";
}

function toReason(error: Error, memoryMb: number): string {
  if (isOutOfMemory(error)) return `Runtime.OutOfMemory: the handler used more than its ${memoryMb} MB`;
  return `${error.name}: ${error.message}`;
}
