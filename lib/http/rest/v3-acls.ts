/** The v3 shapes of ACLs: searches in queries, lists and single ones in bodies. Pure. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import { type Acl, type AclFilter, aclOperationNames, aclPatternTypes, aclPermissions, aclResourceTypes } from "../../kafka/admin/acls.js";
import { type Links, listOf, resource, shortText, toResource } from "./v3-resources.js";

/** A word in a query, in any letter case. In the contract, a word that does not exist is a 404. */
function wordInQuery<const Words extends readonly [string, ...string[]]>(name: string, words: Words) {
  return v.optional(
    v.pipe(
      v.string(),
      v.transform((text): Words[number] => {
        const word = words.find((one) => one === text.toUpperCase());
        if (word !== undefined) return word;
        throw new RelayError("not-found", `query: ${name} must be one of ${words.join(", ")}, not ${JSON.stringify(text.slice(0, 80))}.`);
      }),
    ),
  );
}

export const aclQuery = v.object({
  resource_type: wordInQuery("resource_type", aclResourceTypes),
  resource_name: v.optional(v.string()),
  pattern_type: wordInQuery("pattern_type", aclPatternTypes),
  principal: v.optional(v.string()),
  host: v.optional(v.string()),
  operation: wordInQuery("operation", aclOperationNames),
  permission: wordInQuery("permission", aclPermissions),
});
type AclQuery = v.InferOutput<typeof aclQuery>;

const words = ["resource_type", "pattern_type", "operation", "permission"] as const;

/** Parameters that are missing, or empty as in the `self` of a search, match anything. Throws `bad-request` for UNKNOWN, which cannot be searched for. */
export function toFilter(query: AclQuery): AclFilter {
  const unknown = words.find((name) => query[name] === "UNKNOWN");
  if (unknown !== undefined) throw new RelayError("bad-request", `query: ${unknown} cannot be UNKNOWN.`);
  return {
    resourceType: query.resource_type ?? "ANY",
    resourceName: query.resource_name || undefined,
    patternType: query.pattern_type ?? "ANY",
    principal: query.principal || undefined,
    host: query.host || undefined,
    operation: query.operation ?? "ANY",
    permission: query.permission ?? "ANY",
  };
}

/** A deletion must say more than a search: nobody should delete everything by leaving a parameter out. */
export function toDeleteFilter(query: AclQuery): AclFilter {
  const missing = words.find((name) => query[name] === undefined);
  if (missing !== undefined) throw new RelayError("bad-request", `query: ${missing} must be given to delete ACLs. Use ANY to match all.`);
  // A variable that is not set in a script must not delete more than was meant.
  const empty = (["resource_name", "principal", "host"] as const).find((name) => query[name] === "");
  if (empty !== undefined) throw new RelayError("bad-request", `query: ${empty} is empty. Omit it to delete ACLs with any ${empty}.`);
  return toFilter(query);
}

const word = <const Words extends readonly [string, ...string[]]>(known: Words) =>
  v.picklist(
    known.filter((one) => !["UNKNOWN", "ANY", "MATCH"].includes(one)) as unknown as Words,
    `must be one of ${known.filter((one) => !["UNKNOWN", "ANY", "MATCH"].includes(one)).join(", ")}`,
  );

const upperCased = v.pipe(v.string(), v.toUpperCase());
const principalPattern = /^[^:]+:.+$/;

export const aclBody = v.pipe(
  v.strictObject({
    resource_type: v.pipe(upperCased, word(aclResourceTypes)),
    resource_name: v.pipe(shortText, v.nonEmpty("must be a name, or * for any")),
    pattern_type: v.pipe(upperCased, word(aclPatternTypes)),
    principal: v.pipe(shortText, v.regex(principalPattern, "must have the form Type:name, such as User:alice")),
    host: v.pipe(shortText, v.nonEmpty("must be an address, or * for any")),
    operation: v.pipe(upperCased, word(aclOperationNames)),
    permission: v.pipe(upperCased, word(aclPermissions)),
  }),
  v.check(
    ({ resource_type, resource_name }) => resource_type !== "CLUSTER" || resource_name === "kafka-cluster",
    'has resource_type CLUSTER, so its resource_name must be "kafka-cluster"',
  ),
  v.transform(
    (acl): Acl => ({
      resourceType: acl.resource_type,
      resourceName: acl.resource_name,
      patternType: acl.pattern_type,
      principal: acl.principal,
      host: acl.host,
      operation: acl.operation,
      permission: acl.permission,
    }),
  ),
);

const aclsAtOnceMax = 1_000;
export const aclBatchBody = v.strictObject({ data: v.pipe(v.array(aclBody), v.maxLength(aclsAtOnceMax)) });

const aclResource = resource("KafkaAcl", {
  cluster_id: v.string(),
  resource_type: v.string(),
  resource_name: v.string(),
  pattern_type: v.string(),
  principal: v.string(),
  host: v.string(),
  operation: v.string(),
  permission: v.string(),
});
export const aclList = listOf("KafkaAcl", aclResource);
export const deletedAcls = v.object({ data: v.array(aclResource) });

/** An ACL as the contract writes it. */
export function toAclMembers(acl: Acl) {
  return {
    resource_type: acl.resourceType,
    resource_name: acl.resourceName,
    pattern_type: acl.patternType,
    principal: acl.principal,
    host: acl.host,
    operation: acl.operation,
    permission: acl.permission,
  };
}

/** The search that finds exactly this ACL. */
export const searchFor = (acl: Acl): string => `/acls?${new URLSearchParams(toAclMembers(acl))}`;

/** The search as it was understood, with the defaults written out. */
export function searchOf(filter: AclFilter): string {
  const { resourceName = "", principal = "", host = "" } = filter;
  return searchFor({ ...filter, resourceName, principal, host });
}

export const toAclResource = (links: Links, acl: Acl) =>
  toResource("KafkaAcl", links, { path: searchFor(acl) }, { cluster_id: links.clusterId, ...toAclMembers(acl) });
