/** A verified webhook as an item: its body byte for byte, its type, and the headers that say what it is about. Pure. */
import { hash } from "node:crypto";
import type { Headers } from "../../http/message.js";
import type { SourceItem } from "../origin.js";
import type { Verified } from "./verification.js";

interface ReceivedWebhook {
  readonly name: string;
  readonly scheme: string;
  readonly verified: Verified;
  readonly headers: Headers;
  /** Names of headers that become headers of the record. */
  readonly kept: readonly string[];
  readonly body: Buffer;
  readonly nowMs: number;
}

const headerLengthMax = 4_096;

export function toWebhookItem({ name, scheme, verified, headers, kept, body, nowMs }: ReceivedWebhook): SourceItem {
  const contentType = headers["content-type"];
  const named = [...new Set(["content-type", ...kept.map((header) => header.toLowerCase())])];
  return {
    // A sender without ids: the same bytes are the same delivery.
    id: `${name}/${verified.id ?? `sha256:${hash("sha256", body, "hex")}`}`,
    key: null,
    value: body,
    headers: named.flatMap((header) => {
      const value = headers[header];
      return value === undefined ? [] : [{ name: header, value: Buffer.from(value.slice(0, headerLengthMax)) }];
    }),
    timestampMs: nowMs,
    about: { source: `/sources/${name}`, type: `webhook.${scheme}`, ...(contentType === undefined ? {} : { contentType }) },
  };
}
