/** What the primary and its workers say to each other. A worker can ask all of them a question, itself included: the primary passes it on and collects the answers. */
import type { Worker } from "node:cluster";
import type { Socket } from "node:net";
import type { HandedOver } from "./connections.js";

/** What can be asked of every worker. */
export interface Questions {
  readonly metrics: () => unknown;
  readonly routes: () => unknown;
}

type QuestionName = keyof Questions;

type ToWorker =
  | HandedOver
  | { readonly kind: "end" }
  | { readonly kind: "question"; readonly id: number; readonly name: QuestionName }
  /** The answers to `ask`. */
  | { readonly kind: "answers"; readonly id: number; readonly values: readonly unknown[] };

export type ToPrimary =
  /** It takes connections. */
  | { readonly kind: "ready" }
  /** It takes no more connections, and ends when those that are on their way have been refused. */
  | { readonly kind: "leaving" }
  | { readonly kind: "confirmed"; readonly id: number }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "ask"; readonly id: number; readonly name: QuestionName };

/** A worker that does not answer in time is left out. */
export const answerTimeoutMs = 1_000;
const answersTimeoutMs = 3_000;

export const tell = (worker: Worker, message: ToWorker): void => {
  if (worker.isConnected()) worker.send(message);
};

interface WorkerProcess {
  readonly send?: (message: ToPrimary, handle?: undefined, options?: undefined, callback?: (error: Error | null) => void) => unknown;
  readonly on: (event: "message", listener: (message: unknown, handle: unknown) => void) => unknown;
}

interface WorkerLink {
  readonly ready: () => void;
  readonly leaving: () => void;
  /** The answers of all workers that give one in time. */
  readonly askAll: (name: QuestionName) => Promise<readonly unknown[]>;
}

/** The worker's side. */
export function createWorkerLink(
  own: WorkerProcess,
  questions: Questions,
  { accept, end }: { readonly accept: (socket: Socket) => void; readonly end: () => void },
): WorkerLink {
  const waiting = new Map<number, (values: readonly unknown[]) => void>();
  let lastId = 0;
  const answer = async (id: number, name: QuestionName): Promise<void> => {
    const value = await questions[name]();
    own.send?.({ kind: "answer", id, value });
  };
  /** Once it is confirmed, no other worker gets it: nothing of it may be read before. */
  const take = (id: number, socket: Socket): void => {
    own.send?.({ kind: "confirmed", id }, undefined, undefined, (error) => (error === null ? accept(socket) : socket.destroy()));
  };
  own.on("message", (given, handle) => {
    const message = given as ToWorker;
    if (message.kind === "end") end();
    else if (message.kind === "connection") {
      if (handle !== undefined)
        take(message.id, handle as Socket); // undefined: the client has gone already
      else own.send?.({ kind: "confirmed", id: message.id });
    } else if (message.kind === "question")
      void answer(message.id, message.name).catch(() => {}); // it is left out
    else if (message.kind === "answers") waiting.get(message.id)?.(message.values);
  });
  return {
    ready: () => void own.send?.({ kind: "ready" }),
    leaving: () => void own.send?.({ kind: "leaving" }),
    askAll: (name) =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(new Error("The primary did not answer."));
        }, answersTimeoutMs);
        waiting.set(id, (values) => {
          clearTimeout(timer);
          waiting.delete(id);
          resolve(values);
        });
        own.send?.({ kind: "ask", id, name });
      }),
  };
}
