/** Do security groups let each other through? Rules only allow, so one that fits is enough (https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html). Pure. */
import { BlockList, isIPv4 } from "node:net";
import type { GroupRule, InterfaceEndpoint, NetworkFacts, Subnet } from "./network-facts.js";

const httpsPort = 443;

/** On a broker's port, the groups of the cluster must admit themselves and let themselves out. */
export function brokerProblems(
  { groupIds }: Pick<NetworkFacts, "groupIds">,
  rules: readonly GroupRule[],
  subnets: readonly Subnet[],
  ports: readonly number[],
): readonly string[] {
  const own = rules.filter(({ groupId }) => groupIds.includes(groupId));
  const [first = ""] = groupIds;
  return ports.flatMap((port) =>
    [false, true]
      .filter(
        (isOutbound) =>
          !admit(
            own.filter((rule) => rule.isOutbound === isOutbound),
            port,
            groupIds,
            subnets,
          ),
      )
      .map(
        (isOutbound) =>
          `no ${isOutbound ? "outbound" : "inbound"} rule of ${groupIds.join(", ")} allows TCP port ${port} ${isOutbound ? "to" : "from"} the same group, so the mapping cannot reach the brokers. ` +
          `Add it: aws ec2 authorize-security-group-${isOutbound ? "egress" : "ingress"} --group-id ${first} --ip-permissions 'IpProtocol=tcp,FromPort=${port},ToPort=${port},UserIdGroupPairs=[{GroupId=${first}}]'`,
      ),
  );
}

/** To call AWS, the cluster's groups must let HTTPS out at all. Where to, depends on the way. */
export function httpsProblems({ groupIds }: Pick<NetworkFacts, "groupIds">, rules: readonly GroupRule[]): readonly string[] {
  const own = rules.filter(({ groupId, isOutbound }) => isOutbound && groupIds.includes(groupId));
  return own.some((rule) => coversPort(rule, httpsPort))
    ? []
    : [
        `no outbound rule of ${groupIds.join(", ")} allows TCP port ${httpsPort}, so the mapping cannot call AWS. Add one to 0.0.0.0/0 (NAT) or to the group of the interface endpoints`,
      ];
}

export function endpointProblems(
  { groupIds }: Pick<NetworkFacts, "groupIds">,
  { id, service, groupIds: endpointGroups }: InterfaceEndpoint,
  rules: readonly GroupRule[],
  subnets: readonly Subnet[],
): readonly string[] {
  const inbound = rules.filter(({ groupId, isOutbound }) => !isOutbound && endpointGroups.includes(groupId));
  return admit(inbound, httpsPort, groupIds, subnets)
    ? []
    : [
        `the interface endpoint ${id} (${service}) does not admit the mapping: no inbound rule of ${endpointGroups.join(", ")} allows TCP port ${httpsPort} from ${groupIds.join(" or ")}`,
      ];
}

/** By a rule for one of the groups, or by ranges that together contain every subnet. What is not known counts as admitted: prefix lists, and ranges if the subnets are unknown. */
function admit(rules: readonly GroupRule[], port: number, groupIds: readonly string[], subnets: readonly Subnet[]): boolean {
  const open = rules.filter((rule) => coversPort(rule, port));
  if (open.some(({ otherGroupId = "", prefixListId }) => prefixListId !== undefined || groupIds.includes(otherGroupId))) return true;
  const ranges = open.flatMap(({ cidr }) => cidr ?? []);
  return ranges.length > 0 && subnets.every((subnet) => ranges.some((range) => containsCidr(range, subnet.cidr)));
}

/** Ports of `-1` mean all. */
const coversPort = ({ protocol, fromPort, toPort }: GroupRule, port: number): boolean =>
  protocol === "-1" || ((protocol === "tcp" || protocol === "6") && (fromPort === -1 || (fromPort <= port && port <= toPort)));

function containsCidr(outer: string, inner: string): boolean {
  const [outerAddress = "", outerBits = ""] = outer.split("/");
  const [innerAddress = "", innerBits = ""] = inner.split("/");
  if (!isIPv4(outerAddress) || !isIPv4(innerAddress) || Number(outerBits) > Number(innerBits)) return false;
  const range = new BlockList();
  range.addSubnet(outerAddress, Number(outerBits), "ipv4");
  return range.check(innerAddress, "ipv4");
}
