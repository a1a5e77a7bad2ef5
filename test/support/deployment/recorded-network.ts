/** A server that answers as MSK (REST and JSON) and EC2 (Query API and XML) do, in the shapes of AWS's API references: a cluster in two subnets of one VPC. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface RecordedRule {
  readonly isEgress: boolean;
  readonly port: number;
  /** Who is on the other side: a security group or a range of addresses. */
  readonly other: string;
  readonly groupId?: string;
}

export interface RecordedNetwork {
  readonly rules: readonly RecordedRule[];
  /** The target of the default route of the main route table; a route table of `subnet-0b` alone, if it has one. */
  readonly defaultTarget?: string;
  readonly targetOfSecond?: string;
  readonly routeState?: string;
  readonly endpoints: readonly { readonly service: string; readonly hasPrivateDns?: boolean }[];
  readonly isServerless?: boolean;
  /** Actions that the caller's policy does not allow. */
  readonly denied?: readonly string[];
}

export const clusterArn = "arn:aws:kafka:eu-central-1:123456789012:cluster/orders/0a1b2c3d-1";
const xmlns = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"';
const requestId = "<requestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</requestId>";

export interface RecordedAws {
  readonly endpoint: string;
  /** What was asked: EC2's parameters, or the path of MSK's API. */
  readonly asked: readonly string[];
  readonly stop: () => Promise<unknown>;
}

export async function startRecordedAws(network: RecordedNetwork): Promise<RecordedAws> {
  const asked: string[] = [];
  const server = createServer((request, response) => void answer(request, response, network, asked));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    stop: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, network: RecordedNetwork, asked: string[]): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const form = new URLSearchParams(Buffer.concat(chunks).toString());
  const isEc2 = request.headers.authorization?.includes("/eu-central-1/ec2/aws4_request") === true;
  const action = isEc2 ? (form.get("Action") ?? "") : "DescribeClusterV2";
  asked.push(isEc2 ? form.toString() : (request.url ?? ""));
  const isDenied = network.denied?.includes(action) === true;
  if (!isEc2) {
    response.writeHead(isDenied ? 403 : 200, {
      "content-type": "application/json",
      ...(isDenied ? { "x-amzn-errortype": "AccessDeniedException" } : {}),
    });
    response.end(JSON.stringify(isDenied ? { message: "User is not authorized" } : cluster(network)));
    return;
  }
  response.writeHead(isDenied ? 403 : 200, { "content-type": "text/xml;charset=UTF-8" });
  response.end(
    isDenied
      ? `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this operation.</Message></Error></Errors><RequestID>ea966190-f9aa-478e-9ede-example</RequestID></Response>`
      : toXml(action, form, network),
  );
}

/** https://docs.aws.amazon.com/MSK/2.0/APIReference/v2-clusters-clusterarn.html */
function cluster({ isServerless }: RecordedNetwork): object {
  const shared = { clusterArn, clusterName: "orders", state: "ACTIVE" };
  const vpcConfig = { subnetIds: ["subnet-0a", "subnet-0b"], securityGroupIds: ["sg-0c"] };
  if (isServerless === true) return { clusterInfo: { ...shared, clusterType: "SERVERLESS", serverless: { vpcConfigs: [vpcConfig] } } };
  const brokerNodeGroupInfo = { clientSubnets: ["subnet-0a", "subnet-0b"], securityGroups: ["sg-0c"], instanceType: "kafka.m7g.large" };
  return { clusterInfo: { ...shared, clusterType: "PROVISIONED", provisioned: { brokerNodeGroupInfo, numberOfBrokerNodes: 2 } } };
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference: the page of each action has its answer. */
function toXml(action: string, form: URLSearchParams, network: RecordedNetwork): string {
  switch (action) {
    case "DescribeSubnets":
      return page(
        action,
        "subnetSet",
        ["a", "b"].map(
          (letter, index) =>
            `<item><subnetId>subnet-0${letter}</subnetId><subnetArn>arn:aws:ec2:eu-central-1:123456789012:subnet/subnet-0${letter}</subnetArn><state>available</state><vpcId>vpc-0d</vpcId><cidrBlock>10.0.${index}.0/24</cidrBlock><ipv6CidrBlockAssociationSet/><availableIpAddressCount>251</availableIpAddressCount><tagSet/></item>`,
        ),
      );
    case "DescribeSecurityGroupRules":
      return pageOfRules(form, network);
    case "DescribeRouteTables":
      return page(action, "routeTableSet", routeTables(network));
    case "DescribeVpcEndpoints":
      return page(
        action,
        "vpcEndpointSet",
        network.endpoints.map(
          ({ service, hasPrivateDns = true }) =>
            `<item><vpcEndpointId>vpce-0${service}</vpcEndpointId><vpcEndpointType>Interface</vpcEndpointType><vpcId>vpc-0d</vpcId><serviceName>com.amazonaws.eu-central-1.${service}</serviceName><state>available</state><policyDocument>{&quot;Statement&quot;:[]}</policyDocument><routeTableIdSet/><subnetIdSet><item>subnet-0a</item></subnetIdSet><groupSet><item><groupId>sg-0e</groupId><groupName>endpoints</groupName></item></groupSet><privateDnsEnabled>${hasPrivateDns}</privateDnsEnabled><requesterManaged>false</requesterManaged></item>`,
        ),
      );
    default:
      throw new Error(`${action} is not recorded`);
  }
}

/** One rule per page, so that a reader has to ask for the next. */
function pageOfRules(form: URLSearchParams, { rules }: RecordedNetwork): string {
  const at = Number(form.get("NextToken") ?? 0);
  const items = rules.slice(at, at + 1).map(({ isEgress, port, other, groupId = "sg-0c" }) => {
    const side = other.startsWith("sg-")
      ? `<referencedGroupInfo><groupId>${other}</groupId><userId>123456789012</userId></referencedGroupInfo>`
      : `<cidrIpv4>${other}</cidrIpv4>`;
    const ports =
      port === -1
        ? "<ipProtocol>-1</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort>"
        : `<ipProtocol>tcp</ipProtocol><fromPort>${port}</fromPort><toPort>${port}</toPort>`;
    return `<item><securityGroupRuleId>sgr-0f</securityGroupRuleId><groupId>${groupId}</groupId><groupOwnerId>123456789012</groupOwnerId><isEgress>${isEgress}</isEgress>${ports}${side}<description>a &lt; b &amp; c</description><tagSet/></item>`;
  });
  return page("DescribeSecurityGroupRules", "securityGroupRuleSet", items, at + 1 < rules.length ? String(at + 1) : undefined);
}

function routeTables({ defaultTarget, targetOfSecond, routeState = "active" }: RecordedNetwork): readonly string[] {
  const local =
    "<item><destinationCidrBlock>10.0.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId><state>active</state><origin>CreateRouteTable</origin></item>";
  const route = (target: string | undefined) =>
    target === undefined
      ? ""
      : `<item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock>${target.startsWith("igw-") ? `<gatewayId>${target}</gatewayId>` : `<natGatewayId>${target}</natGatewayId>`}<state>${routeState}</state><origin>CreateRoute</origin></item>`;
  const table = (id: string, target: string | undefined, association: string) =>
    `<item><routeTableId>${id}</routeTableId><vpcId>vpc-0d</vpcId><routeSet>${local}${route(target)}</routeSet><associationSet><item><routeTableAssociationId>rtbassoc-0${id}</routeTableAssociationId><routeTableId>${id}</routeTableId>${association}</item></associationSet><propagatingVgwSet/><tagSet/></item>`;
  return [
    table("rtb-0a", defaultTarget, "<main>true</main>"),
    ...(targetOfSecond === undefined ? [] : [table("rtb-0b", targetOfSecond, "<subnetId>subnet-0b</subnetId><main>false</main>")]),
  ];
}

const page = (action: string, list: string, items: readonly string[], next?: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${action}Response ${xmlns}>\n  ${requestId}\n  <${list}>${items.join("\n")}</${list}>\n${next === undefined ? "" : `  <nextToken>${next}</nextToken>\n`}</${action}Response>`;
