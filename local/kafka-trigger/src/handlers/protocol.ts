/** The messages between the pool and a worker: plain data both ways, with responses as JSON text, as between Lambda and its runtime. */
import type { PackedEvent } from "./packed.js";

export interface WorkerStart {
  /** The project's folder; the handler's name is relative to it. */
  readonly serviceFolder: string;
  /** "functions/produce.handler". */
  readonly handler: string;
  /** Where to find tsx for TypeScript handlers, in order; file paths whose node_modules are looked through. */
  readonly tsxFrom: readonly string[];
}

export interface InvocationMessage {
  readonly id: number;
  readonly event: PackedEvent;
  /** Counted from the call of the handler; loading it has its own limit, as on Lambda. */
  readonly timeoutMs: number;
  readonly context: Readonly<Record<string, unknown>>;
}

export type WorkerMessage =
  /** The handler is loaded and is called now. */
  | { readonly kind: "called"; readonly id: number }
  | { readonly kind: "answer"; readonly id: number; readonly json: string | undefined }
  /** What a route published of its batch: plain data. */
  | { readonly kind: "report"; readonly report: unknown }
  | { readonly kind: "error"; readonly id: number; readonly errorType: string; readonly errorMessage: string; readonly trace: string };
