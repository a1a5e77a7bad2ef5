/** What the schemes of inbound webhooks share: comparing in constant time, windows of time, and refusals that say what is missing and never what would be right. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { RelayError } from "../../errors.js";
import type { Headers } from "../../http/message.js";

export type HmacAlgorithm = "sha1" | "sha256" | "sha512";

/** How far the sender's clock may differ from ours, and how long a captured request can be replayed: five minutes, as Standard Webhooks, Stripe and Slack say. */
export const toleranceMsDefault = 300_000;

export function hmac(algorithm: HmacAlgorithm, key: string | Buffer, ...parts: readonly (string | Buffer)[]): Buffer {
  const digest = createHmac(algorithm, key);
  for (const part of parts) digest.update(part);
  return digest.digest();
}

/** Takes as long whatever the bytes are: digests of equal length are compared. */
export function isSame(given: string | Buffer, right: string | Buffer): boolean {
  const [one, other] = [given, right].map((bytes) => createHash("sha256").update(bytes).digest());
  return timingSafeEqual(one as Buffer, other as Buffer);
}

/** Every pair is compared, so that the time does not say which secret was right. Everyone knows the length of a digest. */
function isAnySame(given: readonly Buffer[], right: readonly Buffer[]): boolean {
  let found = false;
  for (const one of given) for (const other of right) found = (one.length === other.length && timingSafeEqual(one, other)) || found;
  return found;
}

export function headerOf(headers: Headers, name: string): string {
  const value = headers[name];
  if (value === undefined || value.trim() === "") throw refused(`the header ${name} is missing`);
  return value.trim();
}

/** Bytes from hex or base64; a text that is neither has no bytes, and equals nothing. */
export function bytesFrom(text: string, encoding: "hex" | "base64"): Buffer {
  const isEncoded = encoding === "hex" ? /^([0-9a-f]{2})+$/i.test(text) : /^[A-Za-z0-9+/_-]+={0,2}$/.test(text);
  return isEncoded ? Buffer.from(text, encoding) : Buffer.alloc(0);
}

/** Throws where the signed time lies outside the window: a replay, or a clock that is wrong. */
export function assertFresh(seconds: string, header: string, toleranceMs: number, nowMs: number): void {
  if (!/^\d{1,12}$/.test(seconds)) throw refused(`the header ${header} does not have a time in seconds`);
  const awayMs = Math.abs(Number(seconds) * 1_000 - nowMs);
  if (awayMs > toleranceMs)
    throw refused(
      `its time in ${header} is ${Math.round(awayMs / 1_000)} s away from this server's, and at most ${toleranceMs / 1_000} s are allowed`,
    );
}

export function refused(why: string): RelayError {
  return new RelayError("unauthenticated", `The webhook was refused: ${why}.`);
}

const wrongSignature = (header: string): RelayError => refused(`the signature in ${header} does not match its body`);

/** Throws `unauthenticated` if none of the given signatures is one of the right ones. @param header the one that holds them */
export function assertSigned(given: readonly Buffer[], right: readonly Buffer[], header: string): void {
  if (!isAnySame(given, right)) throw wrongSignature(header);
}

/** A text member of a JSON body, by its path; undefined where the body is something else. The signature has been checked before. */
export function textIn(body: Buffer, ...path: readonly string[]): string | undefined {
  try {
    const whole: unknown = JSON.parse(body.toString("utf8"));
    const value = path.reduce<unknown>((inner, name) => (inner as Readonly<Record<string, unknown>> | null)?.[name], whole);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
