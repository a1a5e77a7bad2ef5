/** Headers that a route adds to every request: which names it may set, and which values HTTP carries. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import { isHeaderName, isHeaderValue } from "./headers.js";

/** They frame the request or identify the delivery, and are set by us: a second one would make the request ambiguous (RFC 9112, 6.3) or be overwritten. */
const ours =
  /^(host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect|webhook-(id|timestamp|signature|attempt)|__proto__)$/i;

export function isOurs(name: string): boolean {
  return ours.test(name);
}

export const fixedHeaderName = v.pipe(
  v.string(),
  v.check(isHeaderName, "HTTP cannot carry a header of this name"),
  v.check((name) => !isOurs(name), "is set by the webhook itself and cannot be given"),
);

export function assertHeaderValue(text: string): void {
  if (isHeaderValue(text)) return;
  throw new RelayError("bad-configuration", "HTTP cannot carry this value: it must be printable ASCII without spaces around it.");
}
