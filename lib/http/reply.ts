/** An operation's reply as its host takes it: written out, compressed if the caller accepts that and it saves bytes, and within the host's limit. */
import { RelayError } from "../errors.js";
import { toJsonText } from "../json/write.js";
import { assertReplyFits, fits } from "./body-limits.js";
import { answerCoding, compressedFromBytes, packed } from "./content-coding.js";
import type { Host } from "./host.js";
import type { HttpReply } from "./message.js";
import type { Reply } from "./operation.js";

/** Throws `too-large` for a reply that the host would not return, neither as it is nor compressed. */
export function writeReply(
  reply: Reply,
  contentType: string,
  acceptEncoding: string | undefined,
  host: Host,
): HttpReply | Promise<HttpReply> {
  const headers: Record<string, string | readonly string[]> = { ...reply.headers };
  const { status } = reply;
  if (reply.stream !== undefined) {
    const { unreadBytesMax } = reply;
    const body = streamOf(reply.stream, host);
    return {
      status,
      headers: { ...headers, "content-type": contentType },
      body,
      ...(unreadBytesMax === undefined ? {} : { unreadBytesMax }),
    };
  }
  if (reply.body === undefined && reply.text === undefined) return { status, headers, body: "" };
  const text = reply.text ?? toJsonText(reply.body) ?? "null";
  headers["content-type"] = contentType;
  if (text.length >= compressedFromBytes && host.canReplyBytes) return writeLong(text, reply, headers, acceptEncoding, host);
  if (reply.isMeasured !== true) assertReplyFits(text, host);
  return { status, headers, body: text };
}

async function writeLong(
  text: string,
  { status, isMeasured }: Reply,
  headers: HttpReply["headers"],
  acceptEncoding: string | undefined,
  host: Host,
): Promise<HttpReply> {
  const varying = { ...headers, vary: "accept-encoding" };
  const compressed = await compress(text, acceptEncoding, host);
  if (compressed !== undefined) return { status, headers: { ...varying, "content-encoding": compressed.coding }, body: compressed.bytes };
  if (isMeasured !== true) assertReplyFits(text, host);
  return { status, headers: varying, body: text };
}

/** Undefined if the compressed reply would not fit, or would not be shorter. */
async function compress(text: string, acceptEncoding: string | undefined, { reply }: Host) {
  const coding = answerCoding(acceptEncoding);
  if (coding === undefined) return undefined;
  const plain = Buffer.from(text);
  const bytes = await packed(plain, coding);
  return bytes.length < plain.length && fits(bytes, true, reply) ? { coding, bytes } : undefined;
}

/** An operation streams only where `host.canStream`. */
function streamOf(stream: NonNullable<Reply["stream"]>, { name, canStream }: Host): HttpReply["body"] {
  if (canStream) return stream;
  throw new RelayError("not-offered", `${name} cannot stream responses.`);
}
