/** What the canary needs: its own topic, the state of the mappings, and the alarms that look at both. Pure. */
import type { Alarm, AlarmScope } from "./alarms.js";
import type { DeploymentSettings } from "./parameters.js";
import type { Statement } from "./permissions.js";
import type { Resource } from "./roles.js";

/** Variables of a function hold 4 KiB together; a name and an id need about 60 bytes. */
const watchedMax = 30;

/** On its topic alone. ReadData comes with AlterGroup on a group that nothing uses, as for the other readers. */
export function canaryStatements(topic: string, { clusterArn }: Pick<DeploymentSettings, "clusterArn">): readonly Statement[] {
  const on = (type: string, name: string) => `${clusterArn.replace(":cluster/", `:${type}/`)}/${name}`;
  const allow = (Sid: string, actions: readonly string[], Resource: string): Statement => ({
    Sid,
    Effect: "Allow",
    Action: actions.map((action) => `kafka-cluster:${action}`),
    Resource,
  });
  return [
    allow("Cluster", ["Connect", "WriteDataIdempotently"], clusterArn),
    allow(
      "CanaryTopic",
      ["CreateTopic", "DescribeTopic", "DescribeTopicDynamicConfiguration", "ReadData", "WriteData"],
      on("topic", topic),
    ),
    allow("UnusedGroup", ["AlterGroup"], on("group", topic)),
  ];
}

/** Names the mappings of routes that run, up to the limit, and lets the canary ask for these. */
export function watchMappings(
  resources: Readonly<Record<string, Resource>>,
  canary: { readonly functionId: string; readonly roleId: string },
  routes: readonly { readonly key: string; readonly invoked: unknown }[],
): void {
  const mappings = Object.entries(resources).flatMap(([id, { Type, Properties }]) => {
    const { FunctionName, Enabled } = Properties;
    const route = routes.find(({ invoked }) => JSON.stringify(FunctionName) === JSON.stringify(invoked));
    return Type !== "AWS::Lambda::EventSourceMapping" || Enabled === false || route === undefined ? [] : [{ id, key: route.key }];
  });
  const watched = mappings.slice(0, watchedMax);
  const definition = resources[canary.functionId];
  const role = resources[canary.roleId];
  if (definition === undefined || role === undefined || watched.length === 0) return;
  const { Variables } = definition.Properties.Environment as { readonly Variables: Record<string, unknown> };
  Variables.RELAY_CANARY_MAPPINGS = { "Fn::Sub": watched.map(({ id, key }) => `${key}=\${${id}}`).join(" ") };
  const [{ PolicyDocument }] = role.Properties.Policies as [{ readonly PolicyDocument: { readonly Statement: Statement[] } }];
  PolicyDocument.Statement.push({
    Sid: "Mappings",
    Effect: "Allow",
    Action: ["lambda:GetEventSourceMapping"],
    Resource: watched.map(({ id }) => ({
      "Fn::Sub": `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:event-source-mapping:\${${id}}`,
    })),
  });
}

/** They have data in every minute, also while nobody calls the API; without data, the canary itself is gone. */
export function canaryAlarms({ stage, watchesMappings }: AlarmScope): readonly Alarm[] {
  const expected = { namespace: "KafkaRelay", dimensions: { Stage: stage }, threshold: 1, isExpected: true } as const;
  return [
    {
      ...expected,
      name: "Records",
      description: "The canary could not write a record to its topic and read it again: Kafka, or the way to it, is down.",
      metric: "CanaryRecords",
      statistic: "Sum",
      isLowBad: true,
    },
    ...(watchesMappings
      ? [
          {
            ...expected,
            name: "Mappings",
            description:
              "A mapping does not run, or cannot read or invoke; the log of the canary names its route and the reason. No data: Lambda's API cannot be reached.",
            metric: "StoppedMappings",
            statistic: "Maximum",
          } as const,
        ]
      : []),
  ];
}
