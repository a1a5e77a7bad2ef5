/** Access control lists of the cluster: searched, created and deleted. */

import type { Deadline } from "../../deadline.js";
import type { RelayError } from "../../errors.js";
import { ask } from "../ask.js";
import type { AsksBrokers } from "../connection.js";
import { createAclsApi, deleteAclsApi, describeAclsApi } from "../protocol/acls.js";
import { notAnswered, toChangeError, toKafkaError } from "../protocol/kafka-error.js";
import { untilVisible } from "./change.js";

/** Each list has the order of the protocol's numbers. */
export const aclResourceTypes = ["UNKNOWN", "ANY", "TOPIC", "GROUP", "CLUSTER", "TRANSACTIONAL_ID", "DELEGATION_TOKEN", "USER"] as const;
export const aclPatternTypes = ["UNKNOWN", "ANY", "MATCH", "LITERAL", "PREFIXED"] as const;
export const aclOperationNames = [
  "UNKNOWN",
  "ANY",
  "ALL",
  "READ",
  "WRITE",
  "CREATE",
  "DELETE",
  "ALTER",
  "DESCRIBE",
  "CLUSTER_ACTION",
  "DESCRIBE_CONFIGS",
  "ALTER_CONFIGS",
  "IDEMPOTENT_WRITE",
  "CREATE_TOKENS",
  "DESCRIBE_TOKENS",
  "TWO_PHASE_COMMIT",
] as const;
export const aclPermissions = ["UNKNOWN", "ANY", "DENY", "ALLOW"] as const;

type AclResourceType = (typeof aclResourceTypes)[number];
type AclPatternType = (typeof aclPatternTypes)[number];
type AclOperation = (typeof aclOperationNames)[number];
type AclPermission = (typeof aclPermissions)[number];

export interface Acl {
  readonly resourceType: AclResourceType;
  readonly resourceName: string;
  readonly patternType: AclPatternType;
  readonly principal: string;
  readonly host: string;
  readonly operation: AclOperation;
  readonly permission: AclPermission;
}

/** An absent name, principal or host matches any. */
export interface AclFilter {
  readonly resourceType: AclResourceType;
  readonly resourceName?: string | undefined;
  readonly patternType: AclPatternType;
  readonly principal?: string | undefined;
  readonly host?: string | undefined;
  readonly operation: AclOperation;
  readonly permission: AclPermission;
}

const clusterWords = "The cluster's ACLs";

const toWireFilter = (filter: AclFilter) => ({
  resourceType: aclResourceTypes.indexOf(filter.resourceType),
  resourceName: filter.resourceName ?? null,
  patternType: aclPatternTypes.indexOf(filter.patternType),
  principal: filter.principal ?? null,
  host: filter.host ?? null,
  operation: aclOperationNames.indexOf(filter.operation),
  permission: aclPermissions.indexOf(filter.permission),
});

interface WireAcl {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permission: number;
}

const toAcl = (acl: WireAcl): Acl => ({
  resourceType: aclResourceTypes[acl.resourceType] ?? "UNKNOWN",
  resourceName: acl.resourceName,
  patternType: aclPatternTypes[acl.patternType] ?? "UNKNOWN",
  principal: acl.principal,
  host: acl.host,
  operation: aclOperationNames[acl.operation] ?? "UNKNOWN",
  permission: aclPermissions[acl.permission] ?? "UNKNOWN",
});

const columnsOf = (acl: Acl): readonly string[] => [
  acl.resourceType,
  acl.resourceName,
  acl.patternType,
  acl.principal,
  acl.host,
  acl.operation,
  acl.permission,
];

/** By all columns, from left to right. */
function byColumns(one: Acl, other: Acl): number {
  const [left, right] = [columnsOf(one), columnsOf(other)];
  const at = left.findIndex((text, index) => text !== right[index]);
  return at < 0 ? 0 : (left[at] ?? "") < (right[at] ?? "") ? -1 : 1;
}

/** Sorted by all columns. Throws `kafka-bad-request` on a cluster without an authorizer. */
export async function findAcls(kafka: AsksBrokers, filter: AclFilter, deadline: Deadline): Promise<readonly Acl[]> {
  const answer = await ask(kafka, describeAclsApi, toWireFilter(filter), "any", deadline, {
    codes: (answer) => [answer.errorCode],
    isRepeatable: true,
  });
  if (answer.errorCode !== 0) throw toKafkaError(answer.errorCode, clusterWords, answer.errorMessage);
  return answer.resources.flatMap(({ acls, ...resource }) => acls.map((acl) => toAcl({ ...resource, ...acl }))).sort(byColumns);
}

/** One answer per ACL, in order: undefined where it exists now, or why it does not. */
export async function createAcls(
  kafka: AsksBrokers,
  acls: readonly Acl[],
  deadline: Deadline,
): Promise<readonly (RelayError | undefined)[]> {
  if (acls.length === 0) return [];
  const answer = await ask(
    kafka,
    createAclsApi,
    { acls: acls.map((acl) => ({ ...toWireFilter(acl), resourceName: acl.resourceName, principal: acl.principal, host: acl.host })) },
    "controller",
    deadline,
    { codes: (answer) => answer.results.map(({ errorCode }) => errorCode), isRepeatable: true },
  );
  const errors = acls.map((acl, index) => {
    const result = answer.results[index];
    const words = `ACL for ${acl.principal} on ${acl.resourceType} ${JSON.stringify(acl.resourceName)}`;
    if (result === undefined) return notAnswered(words, "maybe");
    return result.errorCode === 0 ? undefined : toChangeError(result.errorCode, words, result.errorMessage);
  });
  // A broker hears of them in the order in which they were made.
  const last = acls.findLast((_, index) => errors[index] === undefined);
  if (last !== undefined) await untilVisible(deadline, async (patience) => (await findAcls(kafka, last, patience)).length > 0);
  return errors;
}

/** Deletes what matches and returns what it was, sorted; throws the first refusal. */
export async function deleteAcls(kafka: AsksBrokers, filter: AclFilter, deadline: Deadline): Promise<readonly Acl[]> {
  const answer = await ask(kafka, deleteAclsApi, { filters: [toWireFilter(filter)] }, "controller", deadline, {
    codes: (answer) => answer.results.map(({ errorCode }) => errorCode),
    isRepeatable: false,
  });
  const [result] = answer.results;
  if (result === undefined) throw notAnswered(clusterWords, "maybe");
  if (result.errorCode !== 0) throw toChangeError(result.errorCode, clusterWords, result.errorMessage);
  const refused = result.acls.find(({ errorCode }) => errorCode !== 0);
  if (refused !== undefined) throw toChangeError(refused.errorCode, clusterWords, refused.errorMessage);
  if (result.acls.length > 0) await untilVisible(deadline, async (patience) => (await findAcls(kafka, filter, patience)).length === 0);
  return result.acls.map(toAcl).sort(byColumns);
}

/** The operations of a bit field in answers to Metadata and DescribeGroups, by name; [] where the broker gave none. */
export function authorizedOperationNames(bits: number | undefined): readonly AclOperation[] {
  const unknown = -2147483648;
  if (bits === undefined || bits === unknown) return [];
  return aclOperationNames.filter((_, number) => number > 2 && ((bits >>> number) & 1) === 1);
}
