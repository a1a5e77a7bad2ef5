/** Checks a request with the secrets as they are now, and once more with secrets that were read again: they may just have been rotated. */
import { RelayError } from "../../errors.js";
import type { ReadSecret } from "../../secrets.js";
import type { Verification, Verified, WebhookRequest } from "./verification.js";

export type Verifier = (request: WebhookRequest, secret: ReadSecret) => Promise<Verified>;

export function createVerifier({ secrets, verify }: Verification): Verifier {
  const read = (secret: ReadSecret, refresh: boolean) => Promise.all(secrets.map((reference) => secret(reference, { refresh })));
  return async (request, secret) => {
    const known = await read(secret, false);
    try {
      return verify(request, known);
    } catch (thrown) {
      if (!(thrown instanceof RelayError) || thrown.code !== "unauthenticated") throw thrown;
      const again = await read(secret, true);
      if (again.every((text, index) => text === known[index])) throw thrown;
      return verify(request, again);
    }
  };
}
