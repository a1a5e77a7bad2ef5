/** What an operation gets of a request: path, query and body, each checked by the operation's schema. */
import type { GenericSchema } from "valibot";
import { RelayError } from "../errors.js";
import { parseStrictJson } from "../json/strict.js";
import { isJsonMediaType, type MediaType, negotiate } from "./media-type.js";
import type { HttpRequest } from "./message.js";
import type { Operation, OperationInput } from "./operation.js";
import { parseQuery } from "./query.js";
import { assertJsonText, readBody, streamBody, toMediaType, toMediaTypeIfAny } from "./request-body.js";
import { validate } from "./validation.js";

const jsonOnly = ["application/json"] as const;
const none = Buffer.alloc(0);

/** Throws `not-acceptable`. Checked before anything is done, so that a 406 never hides a change. */
export function assertAcceptable(operation: Operation, accept: string | undefined): void {
  const { produces = jsonOnly, streams } = operation;
  if (produces.length === 0 || negotiate(accept, produces) !== undefined) return;
  const isForStream = streams !== undefined && negotiate(accept, streams.types) !== undefined;
  if (isForStream && streams.isHere) return;
  if (isForStream) throw new RelayError("not-offered", streams.instead);
  throw new RelayError("not-acceptable", `The Accept header does not allow any type that this operation returns: ${produces.join(", ")}.`);
}

/** Failures are written in the first type that the operation returns, if that is JSON. */
export function problemTypeOf(operation: Operation | undefined): string {
  const [type] = operation?.produces ?? jsonOnly;
  return type !== undefined && isJsonMediaType(type) ? type : "application/json";
}

export async function toInput(
  operation: Operation,
  request: HttpRequest,
  givenPath: Readonly<Record<string, string>>,
  bytesMax: () => number,
): Promise<OperationInput<unknown, unknown, unknown>> {
  const { headers } = request;
  // Operations that read the body themselves check its type, and the type of a GET without a body does not matter.
  const takesJson = operation.body !== undefined || operation.consumes !== undefined;
  const type = takesJson ? toMediaType(headers) : toMediaTypeIfAny(headers);
  const isJsonText = takesJson || takesOnlyJson(operation);
  const bodyStream = streamBody(request, type, isJsonText, operation.streamsBody);
  const rawBody = bodyStream === undefined ? await readBody(request, type, { isJsonText, bytesMax }) : none;
  const path = operation.path === undefined ? undefined : validate(operation.path as GenericSchema, givenPath, "path");
  const query =
    operation.query === undefined ? undefined : validate(operation.query as GenericSchema, parseQuery(request.rawQuery), "query");
  const body = bodyOf(operation, rawBody, type);
  return { path: path as never, query: query as never, body: body as never, headers, rawBody, bodyStream };
}

function bodyOf(operation: Operation, rawBody: Buffer, type: MediaType): unknown {
  if (operation.body === undefined) {
    if (operation.consumes !== undefined) assertConsumed(operation.consumes, type.essence);
    return undefined;
  }
  assertConsumed(operation.consumes ?? jsonOnly, type.essence);
  assertJsonText(rawBody, type);
  const text = rawBody.toString("utf8");
  // White space only is a missing body too.
  if (text.trim() === "")
    throw new RelayError("unprocessable", "The request body is missing. This operation needs one.", { restCode: 42206 });
  return validate(operation.body as GenericSchema, parseStrictJson(text), "body", text.length);
}

/** An operation that reads its body itself, but only accepts JSON. */
function takesOnlyJson({ rawBody }: Operation): boolean {
  return rawBody !== undefined && Object.keys(rawBody).every(isJsonMediaType);
}

function assertConsumed(consumes: readonly string[], essence: string): void {
  if (consumes.includes(essence)) return;
  throw new RelayError("unsupported-media-type", `A body of type ${essence} is not accepted here. Send ${consumes.join(" or ")}.`);
}
