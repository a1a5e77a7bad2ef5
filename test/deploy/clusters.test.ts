/** Every kind of Kafka that Lambda can read is packaged by `npm run package` and compared with what AWS's documentation asks for. */
import { describe, expect, test } from "vitest";
import { lintTemplate } from "../support/package/cfn-lint.js";
import { type ClusterKind, clusters, expectedOf } from "../support/package/clusters.js";
import { packageService, parameters } from "../support/package/packaged.js";

const names = Object.keys(clusters) as readonly ClusterKind[];
const ofBrokers = /^(KAFKA_(?!CLIENT_ID)|MSK_)/;
/** The cluster and the network come from each kind. */
const { clusterArn: _, subnets: __, securityGroups: ___, ...shared } = parameters;

describe.each(names)("%s", (name) => {
  const packaged = packageService("prod", { ...shared, ...clusters[name] });
  const { variables, mapping, secrets } = expectedOf[name];
  const quakes = packaged.ofType("AWS::Lambda::EventSourceMapping").find(({ Topics }) => Topics[0] === "earthquakes");

  test("is packaged", () => expect(packaged.status, packaged.output).toBe(0));

  test("the functions know the brokers and how to sign in", () => {
    for (const { Environment, FunctionName } of packaged.ofType("AWS::Lambda::Function")) {
      const known = Object.entries(Environment.Variables as Record<string, string>).filter(
        ([key, value]) => ofBrokers.test(key) && value !== "",
      );
      expect(Object.fromEntries(known), FunctionName).toEqual(variables);
    }
  });

  test("the mapping reads the cluster, signs in, and has the group of its stage", () => {
    const { EventSourceArn, SelfManagedEventSource, SourceAccessConfigurations, ...rest } = quakes;
    const given = { EventSourceArn, SelfManagedEventSource, SourceAccessConfigurations };
    const config = rest.AmazonManagedKafkaEventSourceConfig ?? rest.SelfManagedKafkaEventSourceConfig;

    expect(JSON.parse(JSON.stringify(given))).toEqual(mapping);
    expect(config).toEqual({ ConsumerGroupId: expect.stringMatching(/^kafka-relay-prod-/) });
  });

  test("the role of a route may read these secrets, and speaks to MSK only where there is one", () => {
    const statements = packaged.statementsOf("strongQuakes");
    const read = statements.filter(({ Action }) => Action.includes("secretsmanager:GetSecretValue")).flatMap(({ Resource }) => Resource);
    const usesMsk = statements.some(({ Action }) => Action.some((action) => action.startsWith("kafka:")));

    expect([...new Set(read)].sort()).toEqual([...secrets].sort());
    expect(usesMsk).toBe("EventSourceArn" in mapping);
  });

  if (name === "MSK of another account, IAM")
    test("the role of a route may read its topic with its group on the cluster itself, and look at the connection", () => {
      const { clusterArn, vpcConnectionArn } = clusters[name];
      const of = (action: string) =>
        packaged
          .statementsOf("strongQuakes")
          .filter(({ Action }) => Action.includes(action))
          .flatMap(({ Resource }) => Resource);

      expect(of("kafka:DescribeVpcConnection")).toEqual([vpcConnectionArn]);
      expect(of("kafka-cluster:ReadData")).toEqual([`${clusterArn.replace(":cluster/", ":topic/")}/earthquakes`]);
      expect(of("kafka-cluster:AlterGroup")).toEqual([`${clusterArn.replace(":cluster/", ":group/")}/kafka-relay-prod-strong-quakes`]);
    });

  test("CloudFormation's own checker finds nothing in it", { timeout: 300_000 }, async () => {
    expect((await lintTemplate(packaged.templatePath, `cfn-lint on ${name}`)) ?? []).toEqual([]);
  });
});
