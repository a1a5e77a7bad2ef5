/** Who may do which operation on what. Every operation names what it needs; this one function decides. */
import { RelayError } from "./errors.js";

/** What an operation may need, as `<resource>:<act>`. */
export const permissions = [
  "record:write",
  "record:read",
  "record:delete",
  "topic:list",
  "topic:describe",
  "topic:create",
  "topic:alter",
  "topic:delete",
  "group:list",
  "group:describe",
  "group:alter",
  "group:delete",
  "acl:describe",
  "acl:alter",
  "cluster:describe",
  "cluster:alter",
  "dead-letter:read",
  "dead-letter:redrive",
  "dead-letter:discard",
  "route:invoke",
  "service:describe",
] as const;

export type Permission = (typeof permissions)[number];

/** The caller as the gateway's authorizer established it. */
export interface Caller {
  readonly kind: "anonymous" | "iam" | "jwt";
  /** ARN, subject or "anonymous". */
  readonly name: string;
  readonly scopes: readonly string[];
  /** Groups of a token, from the claim that `RELAY_JWT_GROUPS_CLAIM` names. */
  readonly groups: readonly string[];
}

export interface AccessGrant {
  /** Callers the grant is for, each by kind and name (`parseCallerPattern`). Absent: anybody who has one of the scopes and one of the groups. */
  readonly who?: readonly string[];
  /** Scopes of a token, one of which the caller must have. Absent: none is needed. A grant names `who`, `scopes`, `groups`, or several of them. */
  readonly scopes?: readonly string[];
  /** Groups of a token, one of which the caller must be in. Absent: none is needed. */
  readonly groups?: readonly string[];
  readonly may: readonly (Permission | `${string}:*` | "*")[];
  /** Names of topics, groups or routes; `*` stands for any run of characters. Absent: operations without a resource, and any resource. */
  readonly on?: readonly string[];
}

/** `everything` is said in so many words, for the laptop; otherwise what no grant allows is refused. */
export type AccessPolicy = "everything" | readonly AccessGrant[];

/** Passes, or throws `forbidden` naming the act and the resource. */
export function authorize(policy: AccessPolicy, caller: Caller, may: Permission, resource?: string): void {
  if (policy === "everything") return;
  const allowed = policy.some(
    (grant) =>
      isFor(grant, caller) &&
      grant.may.some((granted) => matches(granted, may)) &&
      (resource === undefined || grant.on === undefined || grant.on.some((pattern) => matches(pattern, resource))),
  );
  if (!allowed) {
    const target = resource === undefined ? "" : ` on ${JSON.stringify(resource)}`;
    throw new RelayError("forbidden", `${caller.name} may not ${may}${target}.`);
  }
}

/** A grant that names nobody is for nobody. */
function isFor({ who, scopes, groups }: AccessGrant, caller: Caller): boolean {
  if (who === undefined && scopes === undefined && groups === undefined) return false;
  return (
    (who === undefined || who.some((pattern) => isCaller(pattern, caller))) &&
    (scopes === undefined || scopes.some((scope) => caller.scopes.includes(scope))) &&
    (groups === undefined || groups.some((group) => caller.groups.includes(group)))
  );
}

export interface CallerPattern {
  readonly kind: Caller["kind"] | "any";
  readonly name: string;
}

/**
 * Which kind of caller a `who` pattern names, since a token's subject can be any text, also a role's ARN or "anonymous": `*` is everybody; `arn:...` and
 * `iam:<pattern>` are IAM identities; `anonymous` is a caller without an identity; `jwt:<pattern>` and any other text are token subjects. Undefined where
 * the pattern begins with `*`, which fits names of every kind.
 */
export function parseCallerPattern(pattern: string): CallerPattern | undefined {
  if (pattern === "*") return { kind: "any", name: pattern };
  if (pattern === "anonymous") return { kind: "anonymous", name: pattern };
  if (pattern.startsWith("iam:") || pattern.startsWith("jwt:"))
    return { kind: pattern.startsWith("iam:") ? "iam" : "jwt", name: pattern.slice(4) };
  if (pattern.startsWith("*")) return undefined;
  return { kind: pattern.startsWith("arn:") ? "iam" : "jwt", name: pattern };
}

function isCaller(pattern: string, caller: Caller): boolean {
  const named = parseCallerPattern(pattern);
  return named !== undefined && (named.kind === "any" || named.kind === caller.kind) && matches(named.name, caller.name);
}

/** Matches `*` as any run of characters, in linear time. */
function matches(pattern: string, text: string): boolean {
  const [head = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return pattern === text;
  const tail = rest.pop() ?? "";
  if (!text.startsWith(head) || text.length < head.length + tail.length || !text.endsWith(tail)) return false;
  let from = head.length;
  for (const part of rest) {
    const at = text.indexOf(part, from);
    if (at < 0 || at + part.length > text.length - tail.length) return false;
    from = at + part.length;
  }
  return true;
}
