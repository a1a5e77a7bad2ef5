/** A reply as the gateway takes it (payload 2.0): written out, compressed where the caller accepts that and it saves bytes, and within what Lambda gives back. */
import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { toJsonText } from "../json/write.js";
import { assertReplyFitsLambda, doesFitLambda } from "./body-limits.js";
import { answerCoding, compressedFromBytes, packed } from "./content-coding.js";
import type { Reply } from "./operation.js";

/** Throws `too-large` for an answer that Lambda would not give back, neither as it is nor compressed. */
export async function toResult(
  reply: Reply,
  contentType: string,
  acceptEncoding: string | undefined,
): Promise<APIGatewayProxyStructuredResultV2> {
  const headers: Record<string, string> = { ...reply.headers };
  const statusCode = reply.status;
  if (reply.body === undefined && reply.text === undefined) return { statusCode, headers, body: "" };
  const body = reply.text ?? toJsonText(reply.body) ?? "null";
  headers["content-type"] = contentType;
  if (body.length >= compressedFromBytes) {
    headers.vary = "accept-encoding";
    const compressed = await compress(body, acceptEncoding);
    if (compressed !== undefined)
      return { statusCode, headers: { ...headers, "content-encoding": compressed.coding }, body: compressed.base64, isBase64Encoded: true };
  }
  if (reply.isMeasured !== true) assertReplyFitsLambda(body);
  return { statusCode, headers, body };
}

/** Bytes travel in base64, which Lambda's limit counts; undefined where that would not fit, or nothing is saved on the way to the caller. */
async function compress(text: string, acceptEncoding: string | undefined) {
  const coding = answerCoding(acceptEncoding);
  if (coding === undefined) return undefined;
  const bytes = Buffer.from(text);
  const short = await packed(bytes, coding);
  return short.length < bytes.length && doesFitLambda(short, true) ? { coding, base64: short.toString("base64") } : undefined;
}
