/** Authenticating by SASL: with what is kept and once more with what is fresh, and when a session has to be renewed (KIP-368). */
import type { ReadySasl, SaslOptions } from "../security.js";
import { oauthBearerExchange } from "./oauthbearer-exchange.js";

/** So long before a session ends, but not in the first part of a short one: a broker refuses to authenticate again within a second. */
const reauthenticateBeforeMsMax = 10_000;
const reauthenticateBeforeShare = 0.4;
/** Within a second of the last authentication a broker answers ILLEGAL_SASL_STATE: a token that is about to expire makes such short sessions. */
const reauthenticateAfterMsMin = 1_050;

/** How long before the end of its lifetime a session is renewed. kafkajs counts in whole milliseconds, and throws at a fraction. */
export function renewalMarginMs(lifetimeMs: number): number {
  const latestMs = Math.max(0, lifetimeMs - reauthenticateAfterMsMin);
  return Math.trunc(Math.min(reauthenticateBeforeMsMax, lifetimeMs * reauthenticateBeforeShare, latestMs));
}

/** With the login or token as it is kept, and once more with a new one where the brokers refuse it; undefined: there is no other one. */
export function toAttempts(sasl: SaslOptions): {
  readonly first: () => Promise<ReadySasl>;
  readonly second: () => Promise<ReadySasl | undefined>;
} {
  if ("login" in sasl) {
    const { mechanism, login } = sasl;
    const withLogin = async (refresh: boolean): Promise<ReadySasl> => ({ mechanism, ...(await login({ refresh })) });
    return { first: () => withLogin(false), second: () => withLogin(true) };
  }
  if (sasl.mechanism !== "oauthbearer" || sasl.doubt === undefined) return { first: async () => sasl, second: async () => undefined };
  const { token, doubt } = sasl;
  let used: string | undefined;
  const watched = async () => {
    used = await token();
    return used;
  };
  return {
    first: async () => ({ ...sasl, token: watched }),
    second: async () => (used !== undefined && doubt(used) ? sasl : undefined),
  };
}

/** kafkajs keeps its authenticator on this object, so each connection has its own. */
export function toKafkajsSasl(sasl: ReadySasl): object {
  return sasl.mechanism === "oauthbearer" ? { mechanism: "oauthbearer", authenticationProvider: oauthBearerExchange(sasl) } : { ...sasl };
}
