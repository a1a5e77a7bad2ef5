/** What a webhook reads from secrets: its address, headers and signing keys. Read once, and again after the receiver said 401 or 403: somebody may have changed a token. */
import { RelayError } from "../../errors.js";
import type { TargetContext } from "../../relay/delivery.js";
import { isHeaderName, isHeaderValue } from "./headers.js";
import { parseSigningSecret } from "./signature.js";

export interface Settings {
  /** Undefined: each record's address is made by the route. */
  readonly url: URL | undefined;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signingKeys: readonly Buffer[];
}

export interface SettingsSource {
  readonly name: string;
  readonly url: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
}

export async function readWebhookSettings(source: SettingsSource, secret: TargetContext["secret"], refresh: boolean): Promise<Settings> {
  const read = (reference: string) => secret(reference, { refresh });
  const headers: Record<string, string> = {};
  for (const [header, reference] of Object.entries(source.headers)) {
    const text = await read(reference);
    if (!isHeaderName(header) || !isHeaderValue(text)) {
      throw new RelayError(
        "bad-configuration",
        `HTTP cannot carry the header ${JSON.stringify(header.slice(0, 100))} of the webhook ${source.name}.`,
      );
    }
    headers[header.toLowerCase()] = text;
  }
  return {
    url: source.url === undefined ? undefined : parseWebhookAddress(await read(source.url)),
    headers,
    signingKeys: await Promise.all(source.secrets.map(async (reference) => parseSigningSecret(await read(reference)))),
  };
}

/** Throws `bad-configuration` without showing what may be secret. */
export function parseWebhookAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if ((url?.protocol === "http:" || url?.protocol === "https:") && isPercentEncoded(url.username + url.password)) return url;
  throw new RelayError(
    "bad-configuration",
    "A webhook's address must be complete and start with http:// or https://; the given one does not.",
  );
}

function isPercentEncoded(text: string): boolean {
  try {
    return decodeURIComponent(text).length <= text.length;
  } catch {
    return false;
  }
}

/** Without user, password and query, which may be secrets. */
export function displayName(address: string): string {
  if (!URL.canParse(address)) {
    throw new RelayError("bad-configuration", "A webhook's url must be a complete address: http:// or https:// and a host.");
  }
  const { protocol, host, origin, pathname } = new URL(address);
  if (protocol === "http:" || protocol === "https:") return `${origin}${pathname === "/" ? "" : pathname}`;
  if (protocol === "env:" || protocol === "arn:") return `webhook at ${address}`;
  throw new RelayError("bad-configuration", `A webhook's address starts with http:// or https://, not ${protocol}//${host}.`);
}

/** Keeps settings until the ones that were used are doubted. They are then read again, once for all callers. */
export function keepSettings(read: (refresh: boolean) => Promise<Settings>): {
  readonly read: () => Promise<Settings>;
  readonly doubt: (used: Settings) => void;
} {
  let kept: Promise<Settings> | undefined;
  let current: Settings | undefined;
  let isDoubted = false;
  return {
    read: async () => {
      kept ??= read(isDoubted).catch((thrown) => {
        kept = undefined;
        throw thrown;
      });
      current = await kept;
      return current;
    },
    doubt: (used) => {
      if (used !== current) return;
      isDoubted = true;
      kept = undefined;
    },
  };
}
