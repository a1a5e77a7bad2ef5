/**
 * Consumer instances where several workers answer calls: an instance lives in the worker that its group and name lead to, and a call that reaches another worker is
 * passed on over a socket that only this user's processes can open. No worker has to know what the others keep.
 */
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import type { Caller } from "../../lib/access.js";
import { createDeadline } from "../../lib/deadline.js";
import { RelayError } from "../../lib/errors.js";
import { createHandler } from "../../lib/http/handler.js";
import type { Host } from "../../lib/http/host.js";
import type { NodeHttpOptions } from "../../lib/http/hosts/node-http.js";
import { type HttpReply, type HttpRequest, toHeaders } from "../../lib/http/message.js";
import type { Operation, OperationContext, OperationInput, Operations, Reply } from "../../lib/http/operation.js";
import { routesByPath } from "../../lib/http/router.js";

/** A worker's place among the workers. The one that replaces a worker takes its place. */
export interface PeerPlace {
  readonly slot: number;
  readonly count: number;
  /** Of the sockets, one for each slot. */
  readonly folder: string;
}

/** How the primary says a worker's place. */
export const placeVariables = ({ slot, count, folder }: PeerPlace) => ({ RELAY_SERVE_PEER: JSON.stringify([slot, count, folder]) });

export function peerPlaceOf({ RELAY_SERVE_PEER: given }: NodeJS.ProcessEnv): PeerPlace {
  const [slot = 0, count = 1, folder = ""] = JSON.parse(given ?? "[]") as readonly [number?, number?, string?];
  return { slot, count, folder };
}

interface Peers {
  readonly isOwn: (group: string, instance: string) => boolean;
  /** The same operations, for calls that reach this worker. */
  readonly shared: (own: Operations) => Operations;
  /** Answers calls that the other workers pass on. */
  readonly listen: (own: Operations, options: NodeHttpOptions, host: Host) => Promise<{ readonly close: () => void }>;
}

/** What the worker that was called knows of the caller. */
interface PassedOn {
  readonly caller: Caller;
  readonly baseUrl: string;
  readonly requestId: string;
  readonly leftMs: number;
}

const passedOnHeader = "x-kafka-relay-passed-on";
/** The other worker answers late rather than not at all. */
const answerMarginMs = 2_000;

export function createPeers({ slot, count, folder }: PeerPlace): Peers {
  const slotOf = (group: string, instance: string): number =>
    createHash("sha256").update(`${group}\n${instance}`).digest().readUInt32BE(0) % count;
  const socketOf = (one: number): string => join(folder, `${one}.sock`);
  const run =
    (operation: Operation) =>
    async (input: OperationInput<unknown, unknown, unknown>, context: OperationContext): Promise<Reply> => {
      const { group, instance } = nameIn(input);
      const owner = instance === undefined ? slot : slotOf(group, instance);
      return owner === slot ? operation.run(input as never, context) : passOn(socketOf(owner), input, context, isNew(input));
    };
  return {
    isOwn: (group, instance) => slotOf(group, instance) === slot,
    shared: (own) =>
      Object.fromEntries(Object.entries(own).map(([key, operation]) => [key, { ...operation, run: run(operation) as never }])),
    listen: (own, options, host) => listen(socketOf(slot), own, options, host),
  };
}

/** The instance that a call is for; a new one without a name goes where the call has arrived. A body that is not valid is refused there. */
function nameIn({ path, rawBody }: OperationInput<unknown, unknown, unknown>): { readonly group: string; readonly instance?: string } {
  const { group, instance } = path as unknown as { readonly group: string; readonly instance?: string };
  if (instance !== undefined) return { group, instance };
  try {
    const { name, id } = JSON.parse(rawBody.toString("utf8")) as { readonly name?: unknown; readonly id?: unknown };
    const given = name ?? id;
    return typeof given === "string" ? { group, instance: given } : { group };
  } catch {
    return { group };
  }
}

const isNew = ({ path }: OperationInput<unknown, unknown, unknown>): boolean => !Object.hasOwn(path as unknown as object, "instance");

function passOn(
  socketPath: string,
  { headers, rawBody }: OperationInput<unknown, unknown, unknown>,
  context: OperationContext,
  isCreation: boolean,
): Promise<Reply> {
  const { method, rawPath, rawQuery, caller, baseUrl, requestId, deadline } = context;
  const leftMs = deadline.leftMs();
  const passedOn: PassedOn = { caller, baseUrl, requestId, leftMs };
  const sent: Record<string, string> = { [passedOnHeader]: Buffer.from(JSON.stringify(passedOn)).toString("base64") };
  for (const name of ["accept", "content-type"]) if (headers[name] !== undefined) sent[name] = headers[name];
  if (rawBody.length > 0) sent["content-length"] = String(rawBody.length);
  const path = rawQuery === "" ? rawPath : `${rawPath}?${rawQuery}`;
  return new Promise((resolve, reject) => {
    const call = httpRequest({ socketPath, method, path, headers: sent, agent: false, timeout: leftMs + answerMarginMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", () => reject(gone(isCreation)));
      response.once("end", () => resolve(toReply(response, Buffer.concat(chunks).toString("utf8"))));
    });
    call.once("timeout", () => call.destroy());
    call.once("error", () => reject(gone(isCreation)));
    call.end(rawBody);
  });
}

/** A worker that has died took its instances with it; a new one listens within a moment. */
function gone(isCreation: boolean): RelayError {
  return isCreation
    ? new RelayError("consumers-full", "The process that would keep this instance is starting. Send the request again.", {
        retryAfterMs: 1_000,
      })
    : new RelayError("consumer-not-found", "The process that kept this instance has ended. Create the instance again.");
}

function toReply({ statusCode = 500, headers }: IncomingMessage, text: string): Reply {
  const retryAfter = headers["retry-after"];
  return {
    status: statusCode,
    ...(text === "" ? {} : { text }),
    ...(headers["content-type"] === undefined ? {} : { contentType: headers["content-type"] }),
    ...(retryAfter === undefined ? {} : { headers: { "retry-after": retryAfter } }),
  };
}

function listen(socketPath: string, own: Operations, { config, kafka, log }: NodeHttpOptions, host: Host) {
  const options = {
    ...(config === undefined ? {} : { config }),
    ...(kafka === undefined ? {} : { kafka }),
    ...(log === undefined ? {} : { log }),
  };
  const handle = createHandler(own, routesByPath(own), options);
  const server = createServer((request, response) => {
    void answer(request, host, handle).then(
      (reply) => send(reply, response),
      () => response.destroy(),
    );
  });
  rmSync(socketPath, { force: true }); // of a worker that was killed
  return new Promise<{ readonly close: () => void }>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, () =>
      resolve({
        close: () => {
          server.close();
          server.closeAllConnections();
        },
      }),
    );
  });
}

async function answer(request: IncomingMessage, host: Host, handle: ReturnType<typeof createHandler>): Promise<HttpReply> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = toHeaders(request.headersDistinct);
  const passedOn = JSON.parse(Buffer.from(headers[passedOnHeader] ?? "", "base64").toString("utf8")) as PassedOn;
  const [rawPath = "/", rawQuery = ""] = (request.url ?? "/").split(/\?(.*)/s);
  const bytes = Buffer.concat(chunks);
  const passed: HttpRequest = {
    host,
    method: request.method ?? "GET",
    rawPath,
    rawQuery,
    headers,
    body: bytes.length === 0 ? undefined : { kind: "bytes", bytes },
    caller: () => passedOn.caller,
    baseUrl: passedOn.baseUrl,
    requestId: passedOn.requestId,
  };
  return handle(passed, createDeadline(passedOn.leftMs));
}

function send({ status, headers, body }: HttpReply, response: ServerResponse): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.writeHead(status).end(typeof body === "string" || Buffer.isBuffer(body) ? body : undefined);
}
