/** Checks a request with the secrets as they are now, and once more with secrets that were read again: they may just have been rotated. */
import { RelayError } from "../../errors.js";
import type { ReadSecret } from "../../secrets.js";
import type { WebhookRequest } from "./verification.js";

export type Check<Answer> = (request: WebhookRequest, secret: ReadSecret) => Promise<Answer>;

export function withSecrets<Answer>(
  secrets: readonly string[],
  verify: (request: WebhookRequest, secrets: readonly string[]) => Answer,
): Check<Answer> {
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
