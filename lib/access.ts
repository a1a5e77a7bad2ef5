/** Who may do what, on which resource. Every operation names the permission it needs, and this one function decides. */
import { RelayError } from "./errors.js";
import { matchesWildcard } from "./patterns/wildcard.js";

/** The permissions that operations need, as `<resource>:<action>`. */
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
  "route:describe",
  "route:try",
  "route:invoke",
  "service:describe",
] as const;

export type Permission = (typeof permissions)[number];

/** The caller, as the authorizer in front of the API established it. */
export interface Caller {
  readonly kind: "anonymous" | "iam" | "jwt";
  /** ARN, subject or "anonymous". */
  readonly name: string;
  readonly scopes: readonly string[];
  /** Groups of a token, from the claim that `RELAY_JWT_GROUPS_CLAIM` names. */
  readonly groups: readonly string[];
}

export interface AccessGrant {
  /** Callers that the grant is for, by kind and name (`parseCallerPattern`). Absent: anybody with one of the scopes and one of the groups. */
  readonly who?: readonly string[];
  /** The caller's token must have one of these scopes. Absent: no scope is needed. A grant has at least one of `who`, `scopes` and `groups`. */
  readonly scopes?: readonly string[];
  /** The caller's token must have one of these groups. Absent: no group is needed. */
  readonly groups?: readonly string[];
  readonly may: readonly (Permission | `${string}:*` | "*")[];
  /** Names of topics, groups or routes; `*` stands for any run of characters. Absent: operations without a resource, and any resource. */
  readonly on?: readonly string[];
}

/** `everything` allows all callers everything, for a laptop. Otherwise, what no grant allows is refused. */
export type AccessPolicy = "everything" | readonly AccessGrant[];

/** Permissions whose resource is the name of a topic or a group. */
const onTopicsAndGroups = /^(record|topic|group|dead-letter):/;

/** Returns, or throws `forbidden` with the permission and the resource. Topics and groups that do not begin with `topicPrefix` are refused to every caller. */
export function authorize(policy: AccessPolicy, caller: Caller, may: Permission, resource?: string, topicPrefix = ""): void {
  if (resource !== undefined && !resource.startsWith(topicPrefix) && onTopicsAndGroups.test(may)) {
    const confined = `this API is confined to topics and groups that begin with ${JSON.stringify(topicPrefix)}`;
    throw new RelayError("forbidden", `${JSON.stringify(resource)} is not accessible: ${confined}.`);
  }
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

export interface PermittedAction {
  readonly may: Permission;
  /** Patterns of the resources' names; null: every resource. */
  readonly on: readonly string[] | null;
}

/** What a caller may do, so that a user interface offers nothing else. `authorize` decides by the same grants. */
export function permittedActions(policy: AccessPolicy, caller: Caller): readonly PermittedAction[] {
  if (policy === "everything") return permissions.map((may) => ({ may, on: null }));
  const grants = policy.filter((grant) => isFor(grant, caller));
  return permissions.flatMap((may): readonly PermittedAction[] => {
    const fitting = grants.filter((grant) => grant.may.some((granted) => matches(granted, may)));
    if (fitting.length === 0) return [];
    const patterns = fitting.map(({ on }) => on);
    return [{ may, on: patterns.includes(undefined) ? null : [...new Set(patterns.flatMap((on) => on ?? []))] }];
  });
}

/** A grant without `who`, `scopes` and `groups` applies to nobody. */
function isFor({ who, scopes, groups }: AccessGrant, caller: Caller): boolean {
  if (who === undefined && scopes === undefined && groups === undefined) return false;
  return (
    (who === undefined || who.some((pattern) => isCaller(pattern, caller))) &&
    (scopes === undefined || scopes.some((scope) => caller.scopes.includes(scope))) &&
    (groups === undefined || groups.some((group) => caller.groups.includes(group)))
  );
}

interface CallerPattern {
  readonly kind: Caller["kind"] | "any";
  readonly name: string;
}

/**
 * The kind of caller that a `who` pattern names, because a token's subject can be any text, even a role's ARN or "anonymous". `*` is everybody; `arn:...` and
 * `iam:<pattern>` are IAM identities; `anonymous` is a caller without an identity; `jwt:<pattern>` and any other text are token subjects. Undefined for other
 * patterns that start with `*`, which would match names of every kind.
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

/** In a grant, `*` stands for a run of characters, and no other character is special. */
const matches = (pattern: string, text: string): boolean => matchesWildcard(pattern.split("*"), text);
