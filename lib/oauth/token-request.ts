/** One request to a token server: sent over a connection of its own, bounded in time and size; no redirect is followed. Messages contain no secrets. */
import type { LookupFunction } from "node:net";
import type { SecureContext } from "node:tls";
import { type FailureCode, RelayError } from "../errors.js";
import type { ClientCredentials, IssuedToken } from "./client-credentials.js";

interface TokenRequestOptions {
  /** Whom to trust; absent: whom Node trusts. */
  readonly secureContext?: SecureContext | undefined;
  /** Decides which addresses a name may lead to; absent: any. */
  readonly lookup?: LookupFunction | undefined;
  /** Rows of the failure table: the server refused the client; the server did not answer, or not as it should. */
  readonly failures: { readonly refused: FailureCode; readonly unavailable: FailureCode };
}

const timeoutMs = 5_000;
const answerBytesMax = 65_536;
const shownCharactersMax = 200;
/** RFC 6750, 2.1. */
const bearerForm = /^[A-Za-z0-9._~+/-]+=*$/;
/** They are set by us, and a second one would contradict the first. */
const ownParameters: readonly string[] = ["grant_type", "client_id", "client_secret", "scope"];

/** Throws `bad-configuration` without showing what it was given. */
export function parseTokenUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if ((url?.protocol === "https:" || url?.protocol === "http:") && url.username === "" && url.password === "") return url;
  throw new RelayError(
    "bad-configuration",
    "The address of a token server must be complete, start with https:// (or http://), and have no user or password; the given address does not.",
  );
}

/** Throws `bad-configuration` for a parameter that the request sets itself. */
export function assertParameters(names: readonly string[]): void {
  const own = names.find((name) => ownParameters.includes(name));
  if (own === undefined) return;
  throw new RelayError("bad-configuration", `${own} is set by the token request itself and cannot be one of its further parameters.`);
}

export async function requestToken(credentials: ClientCredentials, options: TokenRequestOptions): Promise<IssuedToken> {
  const place = `The token server ${credentials.tokenUrl.origin}${credentials.tokenUrl.pathname}`;
  const unavailable = (what: string, details: { cause?: unknown; retryAfterMs?: number } = {}) =>
    new RelayError(options.failures.unavailable, `${place} ${what}.`, details);
  const answer = await post(credentials, options).catch((cause: unknown) => {
    if (cause instanceof RelayError) throw cause;
    throw unavailable(`cannot be asked: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
  const body = parseObject(answer.text);
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) {
    throw unavailable(`answered ${answer.status}`, answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs });
  }
  if (answer.status !== 200) {
    const why = errorOf(body, credentials.clientSecret);
    throw new RelayError(
      options.failures.refused,
      `${place} refused the client ${JSON.stringify(credentials.clientId)}: ${answer.status}${why === "" ? "" : `, ${why}`}.`,
    );
  }
  const { access_token: token, token_type: type, expires_in: lifetime } = body ?? {};
  if (typeof token !== "string" || !bearerForm.test(token)) throw unavailable("answered 200 without a usable access_token");
  if (typeof type === "string" && type.toLowerCase() !== "bearer") {
    throw unavailable(`issued a token of type ${JSON.stringify(type.slice(0, shownCharactersMax))}, and only "Bearer" can be used`);
  }
  const seconds = typeof lifetime === "string" && /^\d+$/.test(lifetime) ? Number(lifetime) : lifetime;
  return { token, lifetimeMs: typeof seconds === "number" && seconds >= 0 ? seconds * 1_000 : undefined };
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs: number | undefined;
}

async function post(credentials: ClientCredentials, { secureContext, lookup }: TokenRequestOptions): Promise<Answer> {
  const { tokenUrl } = credentials;
  const { request } = tokenUrl.protocol === "https:" ? await import("node:https") : await import("node:http");
  const { headers, body } = toMessage(credentials);
  return new Promise((resolve, reject) => {
    const outgoing = request(tokenUrl, {
      method: "POST",
      headers,
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
      ...(secureContext === undefined ? {} : { secureContext }),
      ...(lookup === undefined ? {} : { lookup }),
    });
    const fail = (error: Error) => reject(error.name === "AbortError" ? new Error(`no whole answer came within ${timeoutMs} ms`) : error);
    outgoing.on("error", fail).on("response", (incoming) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      incoming.on("error", fail).on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > answerBytesMax) outgoing.destroy(new Error(`its answer has more than ${answerBytesMax} bytes`));
        else chunks.push(chunk);
      });
      incoming.on("end", () => {
        const retryAfter = incoming.headers["retry-after"];
        resolve({
          status: incoming.statusCode ?? 0,
          text: Buffer.concat(chunks).toString("utf8"),
          retryAfterMs: retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : undefined,
        });
      });
    });
    outgoing.end(body);
  });
}

/** Id and secret are form-encoded before they become user and password (RFC 6749, 2.3.1). */
function toMessage(credentials: ClientCredentials): { readonly headers: Record<string, string | number>; readonly body: string } {
  const { clientId, clientSecret, scope, parameters = {}, clientAuthentication = "basic" } = credentials;
  const form = new URLSearchParams({ grant_type: "client_credentials", ...(scope === undefined ? {} : { scope }), ...parameters });
  if (clientAuthentication === "body") {
    form.set("client_id", clientId);
    form.set("client_secret", clientSecret);
  }
  const encode = (text: string) => new URLSearchParams({ "": text }).toString().slice(1);
  const user = Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString("base64");
  const body = form.toString();
  return {
    headers: {
      accept: "application/json",
      "content-type": "application/x-www-form-urlencoded",
      "content-length": Buffer.byteLength(body),
      ...(clientAuthentication === "basic" ? { authorization: `Basic ${user}` } : {}),
    },
    body,
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? (parsed as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/** The server's own words (RFC 6749, 5.2), cut, in printable characters, and without the secret if it repeats it. */
function errorOf(body: Readonly<Record<string, unknown>> | undefined, secret: string): string {
  const { error, error_description: description } = body ?? {};
  return [error, description]
    .filter((text) => typeof text === "string" && text !== "")
    .map((text) =>
      String(text)
        .replaceAll(secret, "(secret)")
        .replace(/[^\x20-\x7e]/g, "?")
        .slice(0, shownCharactersMax),
    )
    .join(": ");
}
