/** What the hosts on Lambda share: its limits, the time it has left, and bodies inside JSON events. */
import type { Context } from "aws-lambda";
import { createDeadline, type Deadline } from "../../deadline.js";
import type { Host, SizeLimit } from "../host.js";
import type { HttpReply, RequestBody } from "../message.js";

/** Bytes of an invocation's JSON, in and out: 6 MB and what AWS adds to it (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
export const lambdaPayload: SizeLimit = { bytesMax: 6_291_556, isOfEvent: true };

/** Time that is kept back to write the answer, before Lambda ends the call. */
const replyMarginMs = 500;

export type LambdaContext = Pick<Context, "getRemainingTimeInMillis">;

/** The time that Lambda has left and the host allows, whichever is less. */
export function deadlineOf(context: LambdaContext, { timeMs }: Host): Deadline {
  return createDeadline(Math.min(context.getRemainingTimeInMillis() - replyMarginMs, timeMs));
}

export function toRequestBody(body: string | null | undefined, isBase64Encoded: boolean | undefined): RequestBody | undefined {
  if (body === undefined || body === null || body === "") return undefined;
  return isBase64Encoded === true ? { kind: "bytes", bytes: Buffer.from(body, "base64") } : { kind: "text", text: body };
}

/** Headers with one value each, and those with several. */
export function splitHeaders(headers: HttpReply["headers"]) {
  const single: Record<string, string> = {};
  const multi: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === "string") single[name] = value;
    else multi[name] = [...value];
  }
  return { single, multi };
}

export function toEventBody(body: HttpReply["body"]): { readonly body: string; readonly isBase64Encoded?: true } {
  if (typeof body === "string") return { body };
  if (Buffer.isBuffer(body)) return { body: body.toString("base64"), isBase64Encoded: true };
  throw new Error("This host cannot stream a reply."); // `canStream` of its Host is false, so a stream is written in one piece
}
