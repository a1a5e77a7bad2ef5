/** What the primary and its workers say to each other. Both sides check that a message is one of these. */
import type { Worker } from "node:cluster";

type ToWorker =
  | { readonly kind: "end" }
  /** Answer with this worker's own metrics. */
  | { readonly kind: "report"; readonly id: number }
  /** The answer to `ask`. */
  | { readonly kind: "sum"; readonly id: number; readonly text: string };

export type ToPrimary =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "reported"; readonly id: number; readonly metrics: unknown }
  /** Somebody asked this worker for the metrics of all of them. */
  | { readonly kind: "ask"; readonly id: number };

/** A worker that does not answer in time is left out of the sum. */
export const reportTimeoutMs = 1_000;
const sumTimeoutMs = 3_000;

export const tell = (worker: Worker, message: ToWorker): void => {
  if (worker.isConnected()) worker.send(message);
};

interface WorkerProcess {
  readonly send?: (message: ToPrimary) => unknown;
  readonly on: (event: "message", listener: (message: unknown) => void) => unknown;
}

interface WorkerLink {
  readonly listening: (port: number) => void;
  /** The metrics of all workers, as text. */
  readonly metricsOfAll: () => Promise<string>;
}

/** The worker's side. */
export function createWorkerLink(
  own: WorkerProcess,
  { metrics, end }: { readonly metrics: () => Promise<unknown>; readonly end: () => void },
): WorkerLink {
  const waiting = new Map<number, (text: string) => void>();
  let lastId = 0;
  own.on("message", (given) => {
    const message = given as ToWorker;
    if (message.kind === "end") end();
    else if (message.kind === "report") void metrics().then((json) => own.send?.({ kind: "reported", id: message.id, metrics: json }));
    else if (message.kind === "sum") waiting.get(message.id)?.(message.text);
  });
  return {
    listening: (port) => void own.send?.({ kind: "listening", port }),
    metricsOfAll: () =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(new Error("The primary did not answer."));
        }, sumTimeoutMs);
        waiting.set(id, (text) => {
          clearTimeout(timer);
          waiting.delete(id);
          resolve(text);
        });
        own.send?.({ kind: "ask", id });
      }),
  };
}
