/**
 * Would the mappings of an MSK cluster work in its network? Their interfaces are in the cluster's subnets with the cluster's security groups, and call Lambda, STS and
 * Secrets Manager from there (https://docs.aws.amazon.com/lambda/latest/dg/with-msk-cluster-network.html). Pure.
 */
import { brokerProblems, endpointProblems, httpsProblems } from "./group-rules.js";
import type { InterfaceEndpoint, MappingNeeds, NetworkFacts, RouteTable, Subnet } from "./network-facts.js";

const serviceWords: Readonly<Record<string, string>> = { lambda: "Lambda", sts: "STS", secretsmanager: "Secrets Manager" };

/** One sentence per problem, and one per part that could not be checked, with the command that shows it. */
export function networkProblems(facts: NetworkFacts, needs: MappingNeeds, region: string): readonly string[] {
  const who = `the mappings of ${needs.functionKeys.join(", ")}`;
  return [...groupSentences(facts, needs), ...waySentences(facts, needs, region)]
    .map((problem) => `${who}: ${problem}`)
    .concat(unknownParts(facts, region));
}

function groupSentences(facts: NetworkFacts, { ports, services }: MappingNeeds): readonly string[] {
  if (!("known" in facts.rules)) return [];
  const rules = facts.rules.known;
  const subnets = "known" in facts.subnets ? facts.subnets.known : [];
  const vpcIds = subnets.map(({ vpcId }) => vpcId);
  const endpoints = "known" in facts.endpoints ? facts.endpoints.known : [];
  // Private DNS names lead to an endpoint even where there is a NAT gateway.
  const used = endpoints.filter(
    ({ vpcId, service, hasPrivateDns }) => hasPrivateDns && vpcIds.includes(vpcId) && services.includes(service),
  );
  return [
    ...brokerProblems(facts, rules, subnets, ports),
    ...httpsProblems(facts, rules),
    ...used.flatMap((endpoint) => endpointProblems(facts, endpoint, rules, subnets)),
  ];
}

/** Subnets with the same answer share a sentence. Without all three parts nothing can be said. */
function waySentences({ subnets, routeTables, endpoints }: NetworkFacts, { services }: MappingNeeds, region: string): readonly string[] {
  if (!("known" in subnets && "known" in routeTables && "known" in endpoints)) return [];
  const byProblem = new Map<string, string[]>();
  for (const subnet of subnets.known) {
    const problem = wayProblem(subnet, routeTables.known, endpoints.known, services, region);
    if (problem !== undefined) byProblem.set(problem, [...(byProblem.get(problem) ?? []), subnet.id]);
  }
  return [...byProblem].map(([problem, ids]) => `from the cluster's subnets ${ids.join(", ")} ${problem}`);
}

function wayProblem(
  { id, vpcId }: Subnet,
  tables: readonly RouteTable[],
  endpoints: readonly InterfaceEndpoint[],
  services: readonly string[],
  region: string,
): string | undefined {
  const table = tables.find(({ subnetIds }) => subnetIds.includes(id)) ?? tables.find((one) => one.isMain && one.vpcId === vpcId);
  const target = table?.defaultTarget;
  // The interfaces have no public address, so an internet gateway does not help them. Every other target may lead on to a NAT gateway.
  if (target !== undefined && !target.startsWith("igw-")) return undefined;
  const own = endpoints.filter((one) => one.vpcId === vpcId);
  const missing = services.filter((service) => !own.some((one) => one.service === service && one.hasPrivateDns));
  if (missing.length === 0) return undefined;
  const withoutNames = own.filter((one) => missing.includes(one.service)).map((one) => one.id);
  const route =
    target === undefined
      ? "have no default route"
      : `lead to the internet gateway ${target}, which the mapping's interfaces cannot use because they have no public addresses`;
  return (
    `the mapping cannot reach ${missing.map((service) => serviceWords[service] ?? service).join(" and ")}: their route tables ${route}. Add a default route to a NAT gateway, or to ${vpcId} ` +
    `the interface endpoints ${missing.map((service) => `com.amazonaws.${region}.${service}`).join(", ")} with private DNS names${
      withoutNames.length > 0 ? ` (${withoutNames.join(", ")} exist, but without private DNS names)` : ""
    }`
  );
}

/** The commands of the AWS CLI show what this check would have read. */
function unknownParts(facts: NetworkFacts, region: string): readonly string[] {
  const inVpc =
    "known" in facts.subnets ? ` --filters Name=vpc-id,Values=${[...new Set(facts.subnets.known.map(({ vpcId }) => vpcId))]}` : "";
  const parts = [
    ["subnets", facts.subnets, `describe-subnets --subnet-ids ${facts.subnetIds.join(" ")}`],
    ["security group rules", facts.rules, `describe-security-group-rules --filters Name=group-id,Values=${facts.groupIds}`],
    ["route tables", facts.routeTables, `describe-route-tables${inVpc}`],
    ["interface endpoints", facts.endpoints, `describe-vpc-endpoints${inVpc}`],
  ] as const;
  return parts.flatMap(([name, part, command]) =>
    "unknown" in part
      ? [`the ${name} of the mappings' network were not checked (${part.unknown}); this shows them: aws ec2 ${command} --region ${region}`]
      : [],
  );
}
