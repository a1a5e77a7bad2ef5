/** How large a request and a reply may be: the limits of the host, enforced here because not every host does so itself. */
import { RelayError } from "../errors.js";
import type { Host, SizeLimit } from "./host.js";

/** Room for the rest of an event: headers (10 KB at most at API Gateway), path, query and authorizer. */
const eventBytesAround = 20_000;

/** The bytes that a body takes of a limit. */
function bytesOf(body: Buffer | string, isSentInBase64: boolean, { bytesMax, isOfEvent }: SizeLimit): number {
  if (!isOfEvent) return Buffer.byteLength(body);
  if (isSentInBase64) return 4 * Math.ceil(Buffer.byteLength(body) / 3) + eventBytesAround;
  const text = body.toString();
  // A cheap upper bound first: no character takes more than six bytes.
  const isSmall = text.length * 6 < bytesMax / 2;
  return (isSmall ? text.length : Buffer.byteLength(JSON.stringify(text)) - 2) + eventBytesAround;
}

export function fits(body: Buffer | string, isSentInBase64: boolean, limit: SizeLimit): boolean {
  return bytesOf(body, isSentInBase64, limit) <= limit.bytesMax;
}

/** Throws `too-large` with the limit, for a body that the host would not have handed over. */
export function assertRequestFits(body: Buffer | string, isSentInBase64: boolean, { name, request }: Host): void {
  if (fits(body, isSentInBase64, request)) return;
  const form = isSentInBase64
    ? " in base64, which is how this media type is passed on"
    : " with its quotes escaped, which is how JSON text is passed on";
  throw requestTooLarge(`has ${bytesOf(body, isSentInBase64, request)} bytes${request.isOfEvent ? form : ""}`, name, request.bytesMax);
}

/** `too-large` for a body of which `what` is known. */
export function requestTooLarge(what: string, hostName: string, bytesMax: number): RelayError {
  return new RelayError(
    "too-large",
    `The request body ${what}. ${hostName} accepts at most ${bytesMax} bytes. Send fewer or smaller records per request.`,
  );
}

/** Throws `too-large` for a reply that the host would not pass on. */
export function assertReplyFits(text: string, { name, reply }: Host): void {
  if (text.length * 4 < reply.bytesMax || fits(text, false, reply)) return;
  throw new RelayError(
    "too-large",
    `The response would have ${bytesOf(text, false, reply)} bytes. ${name} returns at most ${reply.bytesMax} bytes. Request less data per call.`,
  );
}
