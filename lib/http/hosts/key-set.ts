/** The published keys of a token issuer (JWKS, RFC 7517): read when they are needed, kept, and read again within named limits, so that an issuer may rotate its keys or be down. */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";

/** How old keys may be before they are read again: a key that the issuer has removed counts for so long. */
const ageMaxMs = 600_000;
/** While the issuer cannot be read, keys count for so long. */
const staleMaxMs = 3_600_000;
/** Not more often than this: for unknown keys, and while the issuer fails. */
const readAgainMs = 30_000;
/** Without any keys, nobody can call; then it is asked sooner. */
const firstReadAgainMs = 1_000;
const readTimeoutMs = 5_000;
const keySetBytesMax = 1_048_576;

interface KnownKeys {
  readonly find: JWTVerifyGetKey;
  readonly readMs: number;
}

/** Throws `KeysUnreadable` where keys are needed and cannot be read, and jose's errors for a token that no key fits. */
export function createKeySet(url: string, now: () => number): JWTVerifyGetKey {
  let known: KnownKeys | undefined;
  let reading: Promise<void> | undefined;
  let triedMs = Number.NEGATIVE_INFINITY;
  let failure: KeysUnreadable | undefined;
  const mayRead = (): boolean => now() - triedMs >= (known === undefined ? firstReadAgainMs : readAgainMs);
  const read = (): Promise<void> => {
    if (reading === undefined && !mayRead()) return Promise.resolve();
    reading ??= readKeys(url)
      .then(
        (find) => {
          known = { find, readMs: now() };
          failure = undefined;
        },
        (cause: unknown) => {
          failure = new KeysUnreadable(url, cause);
        },
      )
      .finally(() => {
        triedMs = now();
        reading = undefined;
      });
    return reading;
  };
  const usable = (): KnownKeys => {
    if (known !== undefined && now() - known.readMs < (failure === undefined ? ageMaxMs + readAgainMs : staleMaxMs)) return known;
    throw failure ?? new KeysUnreadable(url, undefined);
  };
  return async (header, token) => {
    if (known === undefined || now() - known.readMs >= ageMaxMs) await read();
    const before = usable();
    try {
      return await before.find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await read();
      const after = usable();
      if (after !== before) return await after.find(header, token);
      // It may be a new key that could not be read.
      throw failure ?? error;
    }
  };
}

class KeysUnreadable extends Error {
  constructor(url: string, cause: unknown) {
    super(`The key set at ${new URL(url).origin} could not be read.`, { cause });
  }
}

async function readKeys(url: string): Promise<JWTVerifyGetKey> {
  const response = await fetch(url, {
    headers: { accept: "application/jwk-set+json, application/json" },
    // Another place is not the one that was configured.
    redirect: "manual",
    signal: AbortSignal.timeout(readTimeoutMs),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`It answered ${response.status}.`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > keySetBytesMax) throw new Error(`It is larger than ${keySetBytesMax} bytes.`);
    chunks.push(chunk);
  }
  return createLocalJWKSet(JSON.parse(Buffer.concat(chunks).toString("utf8")) as JSONWebKeySet);
}
