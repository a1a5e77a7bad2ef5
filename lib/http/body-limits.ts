/** How large a request and an answer may be: Lambda's own limits, held on the laptop too, where nothing else holds them. */
import { RelayError } from "../errors.js";

/** Bytes of an invocation's JSON, in and out (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html): 6 MB and what AWS grants above it. */
export const lambdaPayloadBytesMax = 6_291_556;
/** Room that is left for what of the event is not its body: headers (10 KB at most at the gateway), path, query and authorizer. */
const eventBytesAround = 20_000;

/** Bytes that a body takes in the event's JSON: base64 a third more, text its escapes. */
function eventBytesOf(body: Buffer | string, isSentInBase64: boolean): number {
  if (isSentInBase64) return 4 * Math.ceil((typeof body === "string" ? Buffer.byteLength(body) : body.length) / 3);
  const text = body.toString();
  // The cheap bound first: no character takes more than six bytes.
  return text.length * 6 < lambdaPayloadBytesMax / 2 ? text.length : Buffer.byteLength(JSON.stringify(text)) - 2;
}

export function doesFitLambda(body: Buffer | string, isSentInBase64: boolean): boolean {
  return eventBytesOf(body, isSentInBase64) + eventBytesAround <= lambdaPayloadBytesMax;
}

/** Throws `too-large`, naming the limit, for a body that Lambda would not have been given. */
export function assertFitsLambda(body: Buffer | string, isSentInBase64: boolean): void {
  const bytes = eventBytesOf(body, isSentInBase64) + eventBytesAround;
  if (bytes <= lambdaPayloadBytesMax) return;
  const form = isSentInBase64
    ? "in base64, as the gateway hands on this media type"
    : "with its quotes escaped, as the gateway hands on JSON text";
  throw new RelayError(
    "too-large",
    `The request takes ${bytes} bytes ${form}; Lambda takes at most ${lambdaPayloadBytesMax} (6 MB). Send fewer or smaller records a request.`,
  );
}

/** Throws `too-large` for an answer that Lambda would not give back. */
export function assertReplyFitsLambda(text: string): void {
  if (text.length * 4 < lambdaPayloadBytesMax) return;
  const bytes = eventBytesOf(text, false) + eventBytesAround;
  if (bytes <= lambdaPayloadBytesMax) return;
  throw new RelayError(
    "too-large",
    `The answer takes ${bytes} bytes; Lambda gives back at most ${lambdaPayloadBytesMax} (6 MB). Ask for less at once.`,
  );
}
