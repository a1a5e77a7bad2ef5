/** Grants as data: what `RELAY_ACCESS_GRANTS` holds, checked once. `lib/access.ts` decides by them. */
import * as v from "valibot";
import { type AccessGrant, type AccessPolicy, parseCallerPattern, permissions } from "./access.js";
import type { Config } from "./config.js";
import { RelayError } from "./errors.js";

const grantsMax = 200;
/** A long document may be wrong everywhere. */
const faultsMax = 20;
const namesMax = 100;
const pattern = v.pipe(v.string(), v.nonEmpty(), v.maxLength(300));
const patterns = v.pipe(v.array(pattern), v.minLength(1), v.maxLength(namesMax));

/** With a pattern that matches callers of every kind, a token's subject could pass for a role. Such a pattern has to say which kind it means. */
const caller = v.pipe(
  pattern,
  v.check(
    (text) => parseCallerPattern(text) !== undefined,
    (issue) =>
      `${JSON.stringify(issue.input)} matches callers of every kind; write ${JSON.stringify(`iam:${issue.input}`)} for IAM identities or ${JSON.stringify(`jwt:${issue.input}`)} for token subjects`,
  ),
);
const callers = v.pipe(v.array(caller), v.minLength(1), v.maxLength(namesMax));

/** `topic:*` stands for every permission on topics, `*` for all permissions. A permission that does not exist is refused, because it would silently grant nothing. */
const act = v.pipe(
  v.string(),
  v.check(
    (text) => text === "*" || permissions.some((known) => known === text || (text.endsWith(":*") && known.startsWith(text.slice(0, -1)))),
    (issue) => `${JSON.stringify(issue.input)} is not a permission. Use ${permissions.join(", ")}, a pattern such as "topic:*", or "*"`,
  ),
);

const grant = v.pipe(
  v.strictObject({
    who: v.optional(callers),
    scopes: v.optional(patterns),
    groups: v.optional(patterns),
    may: v.pipe(v.array(act), v.minLength(1), v.maxLength(namesMax)),
    on: v.optional(patterns),
  }),
  v.check(
    (one) => one.who !== undefined || one.scopes !== undefined || one.groups !== undefined,
    'must have at least one of "who" (names of callers), "scopes" and "groups"',
  ),
);

/** The policy that applies. Throws `bad-configuration` with the grant and the member that are not valid. */
export function toAccessPolicy(config: Pick<Config, "RELAY_ACCESS" | "RELAY_ACCESS_GRANTS">): AccessPolicy {
  if (config.RELAY_ACCESS === "everything") return "everything";
  return config.RELAY_ACCESS_GRANTS === undefined ? [] : parseGrants(config.RELAY_ACCESS_GRANTS, "RELAY_ACCESS_GRANTS", grantsMax);
}

/** @param place as messages name the document. Throws `bad-configuration` with the grant and the member that are not valid. */
export function parseGrants(text: string, place: string, countMax: number): readonly AccessGrant[] {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw new RelayError("bad-configuration", `${place} is not valid JSON; it must be a list of { who, scopes, groups, may, on }.`, {
      cause,
    });
  }
  const result = v.safeParse(v.pipe(v.array(grant), v.maxLength(countMax)), data);
  if (result.success) return result.output as readonly AccessGrant[];
  const faults = result.issues.slice(0, faultsMax).map((issue) => `${place}${toPlace(v.getDotPath(issue))}: ${issue.message}`);
  throw new RelayError("bad-configuration", faults.join("; "));
}

function toPlace(path: string | null): string {
  return path === null ? "" : path.replace(/(^|\.)(\d+)/g, "[$2]").replace(/^(?=[a-z])/, ".");
}
