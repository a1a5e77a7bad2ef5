/** Who may do what: deny by default, grants by name and by scope, on patterns of topics; as a matrix. */
import { expect, test } from "vitest";
import { type AccessGrant, authorize, type Caller, type Permission, permissions } from "../../lib/access.js";
import { toAccessPolicy } from "../../lib/access-policy.js";

const caller = (name: string, scopes: readonly string[] = [], groups: readonly string[] = []): Caller => ({
  kind: "jwt",
  name,
  scopes,
  groups,
});
const iam = (name: string): Caller => ({ kind: "iam", name, scopes: [], groups: [] });
const nobody: Caller = { kind: "anonymous", name: "anonymous", scopes: [], groups: [] };
const opsArn = "arn:aws:sts::123456789012:assumed-role/ops/anna";
const shop = caller("shop");
const ops = iam(opsArn);
const auditor = caller("audit", ["kafka.read"]);
const stranger = caller("stranger", ["openid"]);

const policy = toAccessPolicy({
  RELAY_ACCESS: "grants",
  RELAY_ACCESS_GRANTS: JSON.stringify([
    { who: ["shop"], may: ["record:write"], on: ["orders", "orders.*"] },
    { who: ["arn:aws:sts::123456789012:assumed-role/ops/*"], may: ["*"] },
    { scopes: ["kafka.read"], may: ["record:read", "topic:*"], on: ["*-public"] },
    { who: ["shop"], scopes: ["kafka.admin"], may: ["topic:delete"] },
    { groups: ["platform team"], may: ["group:*"] },
    { who: ["anonymous"], may: ["service:describe"] },
    { who: ["jwt:arn:example:robot", "iam:*:user/root"], may: ["cluster:describe"] },
  ]),
});

const isAllowed = (who: Caller, may: Permission, resource?: string): boolean => {
  try {
    authorize(policy, who, may, resource);
    return true;
  } catch {
    return false;
  }
};

test.each<[string, Caller, Permission, string | undefined, boolean]>([
  ["shop writes orders", shop, "record:write", "orders", true],
  ["shop writes a topic below orders", shop, "record:write", "orders.eu", true],
  ["shop does not write what only begins alike", shop, "record:write", "orders-eu", false],
  ["shop does not write payments", shop, "record:write", "payments", false],
  ["shop does not read orders", shop, "record:read", "orders", false],
  ["shop does not delete topics without the scope", shop, "topic:delete", "orders", false],
  ["shop deletes topics with the scope", caller("shop", ["kafka.admin"]), "topic:delete", "orders", true],
  ["the scope alone is not shop", caller("other", ["kafka.admin"]), "topic:delete", "orders", false],
  ["ops does everything", ops, "acl:alter", undefined, true],
  ["ops of another account does nothing", iam("arn:aws:sts::999999999999:assumed-role/ops/anna"), "topic:list", undefined, false],
  ["a token whose subject is the ARN of ops is not ops", caller(opsArn), "acl:alter", undefined, false],
  ["an IAM identity called like a token's subject is not it", iam("shop"), "record:write", "orders", false],
  ["nobody may what anonymous callers may", nobody, "service:describe", undefined, true],
  ["a token whose subject is anonymous is somebody else", caller("anonymous"), "service:describe", undefined, false],
  ["a subject that begins with arn: is named as a token's", caller("arn:example:robot"), "cluster:describe", undefined, true],
  ["an IAM pattern that begins with a star is named as one", iam("arn:aws:iam::1:user/root"), "cluster:describe", undefined, true],
  ["and fits no token", caller("arn:aws:iam::1:user/root"), "cluster:describe", undefined, false],
  ["a group's grant is for its members", caller("ada", [], ["platform team", "x"]), "group:delete", "payments", true],
  ["and for nobody outside", caller("ada", ["platform team"], ["platform"]), "group:delete", "payments", false],
  ["a scope reads its topics", auditor, "record:read", "prices-public", true],
  ["a scope does not read others", auditor, "record:read", "prices", false],
  ["a family of permissions holds each of it", auditor, "topic:describe", "prices-public", true],
  ["a family of permissions holds no other", auditor, "group:list", undefined, false],
  ["a stranger may nothing", stranger, "topic:list", undefined, false],
])("%s", (_sentence, who, may, resource, expected) => {
  expect(isAllowed(who, may, resource)).toBe(expected);
});

test("without a grant nothing at all is allowed", () => {
  const nothing = toAccessPolicy({ RELAY_ACCESS: "grants", RELAY_ACCESS_GRANTS: undefined });

  const allowed = permissions.filter((may) => {
    try {
      authorize(nothing, ops, may, "orders");
      return true;
    } catch {
      return false;
    }
  });

  expect(allowed).toEqual([]);
});

test("everything is allowed where the configuration says so in so many words", () => {
  for (const may of permissions) authorize("everything", stranger, may, "orders");
});

test("a grant that names nobody is for nobody", () => {
  const grants: readonly AccessGrant[] = [{ may: ["*"] }];

  expect(() => authorize(grants, ops, "topic:list")).toThrow(/may not topic:list/);
});

test("a refusal names the caller, the act and the resource", () => {
  expect(() => authorize(policy, shop, "record:write", "payments")).toThrow('shop may not record:write on "payments".');
});

test("a pattern of many stars is matched in linear time", () => {
  const grants: readonly AccessGrant[] = [{ who: [`jwt:${"*a".repeat(50)}*b`], may: ["*"] }];

  expect(() => authorize(grants, caller("a".repeat(20_000)), "topic:list")).toThrow(/may not/);
});

test.each<[string, string, RegExp]>([
  ["no JSON", "{who", /RELAY_ACCESS_GRANTS is not valid JSON/],
  [
    "a permission that does not exist",
    '[{"who":["a"],"may":["topic:destroy"]}]',
    /RELAY_ACCESS_GRANTS\[0\]\.may\[0\]: "topic:destroy" is not a permission/,
  ],
  ["a family that does not exist", '[{"who":["a"],"may":["topics:*"]}]', /"topics:\*" is not a permission/],
  ["nobody named", '[{"may":["*"]}]', /RELAY_ACCESS_GRANTS\[0\]: must have at least one of "who"/],
  ["a member that does not exist", '[{"who":["a"],"may":["*"],"topics":["x"]}]', /RELAY_ACCESS_GRANTS\[0\]\.topics/],
  [
    "a pattern that fits callers of every kind",
    '[{"who":["*:user/root"],"may":["*"]}]',
    /RELAY_ACCESS_GRANTS\[0\]\.who\[0\]: .*write "iam:\*:user\/root" for IAM identities or "jwt:/,
  ],
  ["an empty list", '[{"who":[],"may":["*"]}]', /RELAY_ACCESS_GRANTS\[0\]\.who/],
])("grants with %s are a configuration error that names the place", (_what, text, message) => {
  expect(() => toAccessPolicy({ RELAY_ACCESS: "grants", RELAY_ACCESS_GRANTS: text })).toThrow(message);
});
