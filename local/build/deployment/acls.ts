/**
 * The ACLs that the Kafka user of each function needs where brokers do not decide by IAM: the same table of permissions, in Kafka's own words
 * (https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html names the ACL of each IAM action). Pure.
 */
import type { Acl } from "../../../lib/kafka/admin/acls.js";
import type { FunctionNeeds } from "./needs.js";
import { apiReach, type ClusterActions, routeReach } from "./permissions.js";

type AclNeed = Pick<Acl, "resourceType" | "resourceName" | "patternType" | "operation">;

const clusterName = "kafka-cluster";

const operations: Readonly<Record<string, Acl["operation"]>> = {
  AlterCluster: "ALTER",
  AlterClusterDynamicConfiguration: "ALTER_CONFIGS",
  AlterGroup: "READ",
  AlterTopic: "ALTER",
  AlterTopicDynamicConfiguration: "ALTER_CONFIGS",
  CreateTopic: "CREATE",
  DeleteGroup: "DELETE",
  DeleteTopic: "DELETE",
  DescribeCluster: "DESCRIBE",
  DescribeClusterDynamicConfiguration: "DESCRIBE_CONFIGS",
  DescribeGroup: "DESCRIBE",
  DescribeTopic: "DESCRIBE",
  DescribeTopicDynamicConfiguration: "DESCRIBE_CONFIGS",
  ReadData: "READ",
  WriteData: "WRITE",
  WriteDataIdempotently: "IDEMPOTENT_WRITE",
};

/** For a function of the API: on names that begin with `prefix`. A route also reads its source topics, if its mapping signs in as the same user. */
export function aclsOf(needs: FunctionNeeds, prefix: string): readonly AclNeed[] {
  const { route } = needs;
  if (route === undefined) {
    const { actions, createsMarks } = apiReach(needs);
    const everywhere = { resourceName: prefix === "" ? "*" : prefix, patternType: prefix === "" ? "LITERAL" : "PREFIXED" } as const;
    // ACLs know no pattern such as team-a.*.marks: a user who creates marks may create every topic of the prefix.
    const topic = [...(actions.topic ?? []), ...(createsMarks ? ["CreateTopic"] : [])];
    return [...onCluster(actions), ...on("TOPIC", topic, everywhere), ...on("GROUP", actions.group, everywhere)];
  }
  const groups = route.groups.filter((group) => group !== undefined);
  return [
    ...routeReach(route).flatMap(({ actions, topics }) => [
      ...onCluster(actions),
      ...topics.flatMap((resourceName) => on("TOPIC", actions.topic, { resourceName, patternType: "LITERAL" })),
    ]),
    ...route.sourceTopics.flatMap((resourceName) => on("TOPIC", ["ReadData"], { resourceName, patternType: "LITERAL" })),
    ...groups.flatMap((resourceName) => on("GROUP", ["AlterGroup", "DescribeGroup"], { resourceName, patternType: "LITERAL" })),
  ];
}

const onCluster = ({ cluster }: ClusterActions): readonly AclNeed[] =>
  on("CLUSTER", cluster, { resourceName: clusterName, patternType: "LITERAL" });

function on(
  resourceType: "CLUSTER" | "TOPIC" | "GROUP",
  actions: readonly string[] = [],
  resource: Pick<AclNeed, "resourceName" | "patternType">,
): readonly AclNeed[] {
  const names = [...new Set(actions)].sort().map((action) => operations[action]);
  return names.flatMap((operation) => (operation === undefined ? [] : [{ resourceType, ...resource, operation }]));
}

/** A page with the commands of Kafka's own tool, one section per function. */
export function toAclPage(needs: readonly FunctionNeeds[], prefix: string): string {
  const sections = needs.map((one) => {
    const acls = aclsOf(one, prefix);
    if (acls.length === 0) return `## ${one.key}\n\nNo ACLs.\n`;
    return `## ${one.key}\n\n${[...commandsOf(acls)].map((command) => `    ${command}`).join("\n")}\n`;
  });
  return [
    "# The ACLs of each function's Kafka user\n",
    "Replace `$USER` with the user name in the function's secret, and `$BROKERS` with the brokers. `admin.properties` is the configuration of a user who may create ACLs.\n",
    ...sections,
  ].join("\n");
}

/** One command per resource. */
function commandsOf(acls: readonly AclNeed[]): readonly string[] {
  const byResource = new Map<string, string[]>();
  for (const { resourceType, resourceName, patternType, operation } of acls) {
    const flag = resourceType === "CLUSTER" ? "--cluster" : `--${resourceType.toLowerCase()} '${resourceName}'`;
    const resource = patternType === "PREFIXED" ? `${flag} --resource-pattern-type prefixed` : flag;
    byResource.set(resource, [...(byResource.get(resource) ?? []), operation]);
  }
  const words = (operation: string) =>
    `--operation ${operation.toLowerCase().replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())}`;
  return [...byResource].map(
    ([resource, names]) =>
      `kafka-acls.sh --bootstrap-server $BROKERS --command-config admin.properties --add --allow-principal "User:$USER" ${[...new Set(names)].map(words).join(" ")} ${resource}`,
  );
}
