/** One role per function: what each may do on the cluster, compared with this table, action by action. */
import { beforeAll, describe, expect, test } from "vitest";
import { deployedFunctions } from "../../local/build/service-map.js";
import { type Packaged, packageService, parameters } from "../support/package/packaged.js";

const cluster = parameters.clusterArn ?? "";
const topic = (name: string) => `${cluster.replace(":cluster/", ":topic/")}/${name}`;
const group = (name: string) => `${cluster.replace(":cluster/", ":group/")}/${name}`;
const ours = topic("team-a.*");

const everyAction = [
  "AlterCluster",
  "AlterClusterDynamicConfiguration",
  "AlterGroup",
  "AlterTopic",
  "AlterTopicDynamicConfiguration",
  "CreateTopic",
  "DeleteGroup",
  "DeleteTopic",
  "DescribeCluster",
  "DescribeClusterDynamicConfiguration",
  "DescribeGroup",
  "DescribeTopic",
  "DescribeTopicDynamicConfiguration",
  "ReadData",
  "WriteData",
  "WriteDataIdempotently",
] as const;
type Action = (typeof everyAction)[number];
type Allowed = Partial<Record<Action, readonly string[]>>;

const described: Allowed = { DescribeTopic: [ours], DescribeTopicDynamicConfiguration: [ours] };
const written: Allowed = { ...described, WriteData: [ours], WriteDataIdempotently: [cluster] };

const unusedGroup = [group("team-a.kafka-relay-unused")];

function route(source: string, groupName: string, target?: string): Allowed {
  const letters = topic(`${source}.dead-letters`);
  const targets = target === undefined ? [] : [topic(target)];
  return {
    AlterGroup: [group(groupName)],
    CreateTopic: [letters],
    DescribeClusterDynamicConfiguration: [cluster],
    DescribeGroup: [group(groupName)],
    DescribeTopic: [topic(source), letters, ...targets],
    DescribeTopicDynamicConfiguration: [topic(source), letters, ...targets],
    ReadData: [topic(source)],
    WriteData: [letters, ...targets],
    WriteDataIdempotently: [cluster],
  };
}

/** It reads no topic. */
function source(name: string, target: string): Allowed {
  const letters = topic(`${name}.dead-letters`);
  const written = [letters, topic(target)];
  return {
    CreateTopic: [letters],
    DescribeTopic: written,
    DescribeTopicDynamicConfiguration: written,
    WriteData: written,
    WriteDataIdempotently: [cluster],
  };
}

/** Whatever is not named is not allowed. */
const table: Readonly<Record<string, Allowed>> = {
  produce: written,
  // MSK's table asks for AlterGroup wherever there is ReadData.
  records: { AlterGroup: unusedGroup, DescribeTopic: [ours], ReadData: [ours] },
  topics: { ...described, AlterTopic: [ours], AlterTopicDynamicConfiguration: [ours], CreateTopic: [ours], DeleteTopic: [ours] },
  // In Kafka, anyone who may read a topic may commit offsets for it.
  groups: {
    AlterGroup: [group("team-a.*")],
    DeleteGroup: [group("team-a.*")],
    DescribeGroup: [group("team-a.*")],
    DescribeTopic: [ours],
    ReadData: [ours],
  },
  acls: { AlterCluster: [cluster], DescribeCluster: [cluster] },
  cluster: {
    AlterCluster: [cluster],
    AlterClusterDynamicConfiguration: [cluster],
    DescribeCluster: [cluster],
    DescribeClusterDynamicConfiguration: [cluster],
    DescribeTopic: [ours],
  },
  deadLetters: { ...written, AlterGroup: unusedGroup, CreateTopic: [topic("team-a.*.marks")], ReadData: [ours] },
  routeStatus: {},
  service: {},
  console: {},
  strongQuakes: route("earthquakes", "kafka-relay-prod-strong-quakes", "strong-earthquakes"),
  quakesFromWebhook: source("quakes-from-webhook", "earthquakes"),
  quakesFromOutbox: source("quakes-from-outbox", "earthquakes"),
  quakesToSql: route("earthquakes", "kafka-relay-prod-quakes-to-sql"),
  quakesToWebhook: route("strong-earthquakes", "kafka-relay-prod-quakes-to-webhook"),
};

let prod: Packaged;
beforeAll(() => {
  prod = packageService("prod");
  if (prod.status !== 0) throw new Error(prod.output);
}, 120_000);

const resourcesOf = (key: string, action: string): readonly unknown[] => [
  ...new Set(
    prod
      .statementsOf(key)
      .filter(({ Action }) => Action.includes(action))
      .flatMap(({ Resource }) => Resource),
  ),
];

test("the table knows every function", () => {
  expect(Object.keys(table).sort()).toEqual(
    deployedFunctions()
      .map(({ key }) => key)
      .sort(),
  );
});

describe.each(Object.entries(table))("%s", (key, allowed) => {
  test.each(everyAction)("%s", (action) => {
    expect([...resourcesOf(key, `kafka-cluster:${action}`)].sort()).toEqual([...(allowed[action] ?? [])].sort());
  });

  test("connects to this cluster alone, holds no action that this table does not know, and none by a pattern", () => {
    const actions = prod.statementsOf(key).flatMap(({ Action }) => Action);
    const known = [...everyAction, "Connect"].map((action) => `kafka-cluster:${action}`);

    expect(resourcesOf(key, "kafka-cluster:Connect")).toEqual([cluster]);
    expect(actions.filter((action) => action.startsWith("kafka-cluster:") && !known.includes(action))).toEqual([]);
    expect(actions.filter((action) => action.includes("*"))).toEqual([]);
  });

  test("writes its own log and no other", () => {
    expect(resourcesOf(key, "logs:PutLogEvents")).toEqual([
      { "Fn::Sub": `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/kafka-relay-prod-${key}:*` },
    ]);
  });
});

test("a function reads the secrets that it names and no other", () => {
  expect(resourcesOf("quakesToSql", "secretsmanager:GetSecretValue")).toEqual([parameters.quakesDatabase]);
  expect(resourcesOf("quakesFromWebhook", "secretsmanager:GetSecretValue")).toEqual([parameters.quakesWebhookSecret]);
  expect(resourcesOf("quakesToWebhook", "secretsmanager:GetSecretValue")).toEqual([parameters.quakesWebhookSecret]);
  for (const key of ["produce", "records", "topics", "strongQuakes"]) {
    expect(resourcesOf(key, "secretsmanager:GetSecretValue"), key).toEqual([]);
  }
});

test.each(["deadLetters", "routeStatus"])("%s may invoke the functions of routes and sources, and no other function", (key) => {
  const routes = deployedFunctions().filter(({ file }) => /^functions\/(routes|sources)\//.test(file));
  const invoked = resourcesOf(key, "lambda:InvokeFunction") as { "Fn::GetAtt": [string, string] }[];

  expect(invoked.map(({ "Fn::GetAtt": [id] }) => prod.resources[id]?.Properties.FunctionName).sort()).toEqual(
    routes.map(({ key }) => `kafka-relay-prod-${key}`).sort(),
  );
  expect(resourcesOf("produce", "lambda:InvokeFunction")).toEqual([]);
});

test("the function's own code cannot use what its role has for Lambda's network interfaces", () => {
  for (const key of Object.keys(table)) {
    const statements = prod.statementsOf(key);
    const denied = statements.filter(({ Effect }) => Effect === "Deny");
    const [{ Action, Condition }] = denied as [(typeof denied)[number]];
    const ownActions = statements.filter(({ Sid }) => Sid === "Network").flatMap((one) => one.Action);

    expect(denied).toHaveLength(1);
    expect(Action).toEqual(expect.arrayContaining([...ownActions]));
    expect(JSON.stringify(Condition)).toContain(`lambda:SourceFunctionArn`);
    expect(JSON.stringify(Condition)).toContain(`:function:kafka-relay-prod-${key}`);
  }
});

test("a resource is everything only where EC2, X-Ray and a key by way of Secrets Manager leave no choice", () => {
  for (const key of Object.keys(table)) {
    for (const { Resource, Action } of prod.statementsOf(key)) {
      if (Resource === "*")
        expect(
          Action.every((action) => /^(ec2:\w+|kms:Decrypt|xray:\w+)$/.test(action)),
          `${key}: ${Action}`,
        ).toBe(true);
    }
  }
});
