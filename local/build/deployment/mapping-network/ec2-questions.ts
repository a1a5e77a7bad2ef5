/** Asks EC2 about subnets, rules, route tables and endpoints, by its Query API: its SDK client is larger than everything else that a deployment loads. */
import type { AwsCredentials } from "../../../../lib/kafka/msk/token.js";
import { signCall } from "../../../console/call-signature.js";
import { childOf, itemsOf, parseXml, wordOf, type XmlElement } from "./ec2-xml.js";
import type { GroupRule, InterfaceEndpoint, RouteTable, Subnet } from "./network-facts.js";

export interface Ec2 {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: AwsCredentials;
  readonly signal: AbortSignal;
}

const apiVersion = "2016-11-15";
/** A VPC has far fewer rules, tables and endpoints than so many pages hold. */
const pagesMax = 20;

export const askSubnets = async (ec2: Ec2, subnetIds: readonly string[]): Promise<readonly Subnet[]> =>
  (await ask(ec2, "DescribeSubnets", "subnetSet", { "subnet-id": subnetIds })).map((item) => ({
    id: wordOf(item, "subnetId") ?? "",
    vpcId: wordOf(item, "vpcId") ?? "",
    cidr: wordOf(item, "cidrBlock") ?? "",
  }));

export const askRules = async (ec2: Ec2, groupIds: readonly string[]): Promise<readonly GroupRule[]> =>
  (await ask(ec2, "DescribeSecurityGroupRules", "securityGroupRuleSet", { "group-id": groupIds })).map((item) => ({
    groupId: wordOf(item, "groupId") ?? "",
    isOutbound: wordOf(item, "isEgress") === "true",
    protocol: wordOf(item, "ipProtocol") ?? "",
    fromPort: Number(wordOf(item, "fromPort") ?? -1),
    toPort: Number(wordOf(item, "toPort") ?? -1),
    otherGroupId: wordOf(childOf(item, "referencedGroupInfo"), "groupId"),
    cidr: wordOf(item, "cidrIpv4"),
    prefixListId: wordOf(item, "prefixListId"),
  }));

export const askRouteTables = async (ec2: Ec2, vpcIds: readonly string[]): Promise<readonly RouteTable[]> =>
  (await ask(ec2, "DescribeRouteTables", "routeTableSet", { "vpc-id": vpcIds })).map((item) => {
    const associations = itemsOf(item, "associationSet");
    return {
      id: wordOf(item, "routeTableId") ?? "",
      vpcId: wordOf(item, "vpcId") ?? "",
      isMain: associations.some((one) => wordOf(one, "main") === "true"),
      subnetIds: associations.flatMap((one) => wordOf(one, "subnetId") ?? []),
      defaultTarget: itemsOf(item, "routeSet")
        .map(defaultTargetOf)
        .find((target) => target !== undefined),
    };
  });

export const askEndpoints = async (ec2: Ec2, vpcIds: readonly string[]): Promise<readonly InterfaceEndpoint[]> =>
  (await ask(ec2, "DescribeVpcEndpoints", "vpcEndpointSet", { "vpc-id": vpcIds }))
    .filter((item) => wordOf(item, "vpcEndpointType") === "Interface" && wordOf(item, "state")?.toLowerCase() === "available")
    .map((item) => ({
      id: wordOf(item, "vpcEndpointId") ?? "",
      vpcId: wordOf(item, "vpcId") ?? "",
      service: wordOf(item, "serviceName")?.split(".").pop() ?? "",
      hasPrivateDns: wordOf(item, "privateDnsEnabled") === "true",
      groupIds: itemsOf(item, "groupSet").flatMap((group) => wordOf(group, "groupId") ?? []),
    }));

/** A route whose target is gone is a `blackhole`. */
function defaultTargetOf(route: XmlElement): string | undefined {
  if (wordOf(route, "destinationCidrBlock") !== "0.0.0.0/0" || wordOf(route, "state") !== "active") return undefined;
  const targets = ["natGatewayId", "transitGatewayId", "instanceId", "networkInterfaceId", "vpcPeeringConnectionId", "gatewayId"];
  return targets.map((name) => wordOf(route, name)).find((target) => target !== undefined) ?? "another target";
}

/** All pages. Throws an Error whose message says in a few words why EC2 did not answer. */
async function ask(
  ec2: Ec2,
  action: string,
  list: string,
  filters: Readonly<Record<string, readonly string[]>>,
): Promise<readonly XmlElement[]> {
  const items: XmlElement[] = [];
  let next: string | undefined;
  for (let page = 0; page < pagesMax; page++) {
    const answer = await call(ec2, action, filters, next);
    items.push(...itemsOf(answer, list));
    next = wordOf(answer, "nextToken");
    if (next === undefined) return items;
  }
  throw new Error(`ec2:${action} has more than ${pagesMax} pages`);
}

async function call(
  { endpoint, region, credentials, signal }: Ec2,
  action: string,
  filters: Readonly<Record<string, readonly string[]>>,
  next: string | undefined,
): Promise<XmlElement> {
  const form = new URLSearchParams({ Action: action, Version: apiVersion, ...(next === undefined ? {} : { NextToken: next }) });
  for (const [index, [name, values]] of Object.entries(filters).entries()) {
    form.set(`Filter.${index + 1}.Name`, name);
    for (const [at, value] of values.entries()) form.set(`Filter.${index + 1}.Value.${at + 1}`, value);
  }
  const url = new URL("/", endpoint);
  const body = Buffer.from(form.toString());
  const headers = signCall({ method: "POST", url, body, region, service: "ec2" }, credentials, Date.now());
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    body,
    signal,
  });
  const text = await response.text();
  if (response.ok) return parseXml(text);
  throw new Error(refusalOf(text, response.status, action));
}

const denied = ["UnauthorizedOperation", "AccessDenied", "AccessDeniedException"];

function refusalOf(text: string, status: number, action: string): string {
  const code = /<Code>([\w.]+)<\/Code>/.exec(text)?.[1];
  if (code !== undefined && denied.includes(code)) return `ec2:${action} is not allowed`;
  return `ec2:${action} was answered with ${status} ${code ?? ""}`.trim();
}
