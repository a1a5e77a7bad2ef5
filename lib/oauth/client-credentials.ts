/** OAuth 2.0 client credentials (RFC 6749, 4.4): one token for all who ask, kept until shortly before it expires, asked for again when somebody refuses it. */
import type { RelayError } from "../errors.js";

/** What a token server is asked with; secrets are resolved already. */
export interface ClientCredentials {
  readonly tokenUrl: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string | undefined;
  /** Further parameters of the request: `audience`, `resource`. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** Where id and secret go: the Authorization header ("basic", default) or the form ("body"), for servers that do not read the former. */
  readonly clientAuthentication?: "basic" | "body" | undefined;
}

export interface IssuedToken {
  readonly token: string;
  /** Undefined: the server did not say. */
  readonly lifetimeMs: number | undefined;
}

export interface OAuthTokens {
  /** The current token. Concurrent calls wait for the same request. Throws what `request` throws. */
  readonly token: () => Promise<string>;
  /** Somebody refused this token. True: the next one will be another, so it makes sense to try again now. */
  readonly doubt: (token: string) => boolean;
}

interface OAuthTokensOptions {
  /** Asks the token server once. */
  readonly request: (options: { readonly refresh: boolean }) => Promise<IssuedToken>;
  readonly now?: () => number;
}

/** A token is renewed so long before it expires, or a fifth of its lifetime before, whichever is less: connections need time, and clocks differ. */
const renewBeforeMsMax = 60_000;
const renewBeforeShare = 0.2;
/** When the server does not say how long a token lives. */
const lifetimeMsDefault = 300_000;
/** After a failure the server is not asked again for so long: those who ask meanwhile get the same answer. */
const failureKeptMs = 1_000;
/** A token younger than this is not replaced: a server that refuses it would refuse the next one too. */
const doubtedAgeMsMin = 5_000;

interface Kept {
  readonly token: string;
  readonly fetchedAtMs: number;
  readonly renewAtMs: number;
  readonly expiresAtMs: number;
}

export function createOAuthTokens({ request, now = Date.now }: OAuthTokensOptions): OAuthTokens {
  let kept: Kept | undefined;
  let fetching: Promise<string> | undefined;
  let failure: { readonly error: unknown; readonly untilMs: number } | undefined;
  let isDoubted = false;

  const fetchToken = async (): Promise<string> => {
    try {
      const { token, lifetimeMs = lifetimeMsDefault } = await request({ refresh: isDoubted });
      const fetchedAtMs = now();
      const marginMs = Math.min(renewBeforeMsMax, lifetimeMs * renewBeforeShare);
      kept = { token, fetchedAtMs, renewAtMs: fetchedAtMs + lifetimeMs - marginMs, expiresAtMs: fetchedAtMs + lifetimeMs };
      failure = undefined;
      isDoubted = false;
      return token;
    } catch (error) {
      failure = { error, untilMs: now() + failureKeptMs };
      // The secret may have been rotated since it was read.
      isDoubted = true;
      // A token that is still valid serves until it expires, whatever keeps the server from giving the next.
      if (kept !== undefined && now() < kept.expiresAtMs) return kept.token;
      throw error;
    } finally {
      fetching = undefined;
    }
  };

  return {
    token: async () => {
      const nowMs = now();
      if (kept !== undefined && nowMs < kept.renewAtMs) return kept.token;
      if (fetching !== undefined) return fetching;
      if (failure !== undefined && nowMs < failure.untilMs) {
        if (kept !== undefined && nowMs < kept.expiresAtMs) return kept.token;
        throw failure.error as RelayError;
      }
      fetching = fetchToken();
      return fetching;
    },
    doubt: (token) => {
      if (kept === undefined || kept.token !== token) return true;
      if (now() - kept.fetchedAtMs < doubtedAgeMsMin) return false;
      kept = undefined;
      isDoubted = true;
      return true;
    },
  };
}
