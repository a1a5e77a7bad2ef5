/** Standard Webhooks 1.0.0: an id that all attempts share, the time of the attempt, and a signature per secret (https://www.standardwebhooks.com). */
import { createHmac, hash } from "node:crypto";
import { RelayError } from "../../errors.js";

const secretBytesMin = 24;
const secretBytesMax = 64;

/** The key behind `whsec_<base64 of 24 to 64 bytes>`, with or without the prefix. Throws `bad-configuration`, which does not show it. */
export function parseSigningSecret(text: string): Buffer {
  const [, version] = /^\s*(v\d+[a-z]*),/.exec(text) ?? [];
  if (version !== undefined) {
    throw new RelayError(
      "bad-configuration",
      `A webhook's signing secret must start with "whsec_". The one given starts with "${version},", which belongs to signatures: remove it.`,
    );
  }
  if (/^\s*wh[sp]k_/.test(text)) {
    throw new RelayError(
      "bad-configuration",
      `A webhook's signing secret must start with "whsec_". The one given is a key pair's ("whsk_" or "whpk_"), and webhooks are signed by HMAC only.`,
    );
  }
  const encoded = text.trim().replace(/^whsec_/, "");
  const key = Buffer.from(encoded, "base64");
  const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(encoded);
  if (!isBase64 || key.length < secretBytesMin || key.length > secretBytesMax) {
    throw new RelayError(
      "bad-configuration",
      `A webhook's signing secret must be "whsec_" and the base64 of ${secretBytesMin} to ${secretBytesMax} bytes; the one given is not.`,
    );
  }
  return key;
}

/** A digest of what identifies the message: the same for every attempt, repeat and redrive; 43 letters, digits, "-" and "_", so never a full stop. */
export function webhookId(deliveryId: string): string {
  return hash("sha256", deliveryId, "base64url");
}

/** The value of `webhook-signature`: one `v1,` signature per key, so that both sides can change keys without a gap. */
export function sign(keys: readonly Buffer[], id: string, timestampSeconds: number, body: Buffer): string {
  const prefix = `${id}.${timestampSeconds}.`;
  return keys.map((key) => `v1,${createHmac("sha256", key).update(prefix).update(body).digest("base64")}`).join(" ");
}
