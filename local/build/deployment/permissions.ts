/**
 * What a role must hold for what its function may do: `kafka-cluster:*` actions by permission
 * (https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html), and the call of each kind of target. Pure.
 */
import type { Permission } from "../../../lib/access.js";
import type { FunctionNeeds, RouteNeeds } from "./needs.js";

export interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action: readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** Actions on the cluster, on topics and on groups, without their prefix. */
export interface ClusterActions {
  readonly cluster?: readonly string[];
  readonly topic?: readonly string[];
  readonly group?: readonly string[];
}

const produced: ClusterActions = {
  cluster: ["WriteDataIdempotently"],
  // The topic's own max.message.bytes is read, so that batches are as large as it accepts.
  topic: ["DescribeTopic", "DescribeTopicDynamicConfiguration", "WriteData"],
};
const read: ClusterActions = { topic: ["DescribeTopic", "ReadData"] };
const describedTopic: ClusterActions = { topic: ["DescribeTopic", "DescribeTopicDynamicConfiguration"] };
/** The lag of a group requires the end offsets of its topics. */
const describedGroup: ClusterActions = { topic: ["DescribeTopic"], group: ["DescribeGroup"] };

const byPermission: Readonly<Record<Permission, ClusterActions>> = {
  "record:write": produced,
  "record:read": read,
  // Kafka asks for DELETE on the topic.
  "record:delete": { topic: ["DescribeTopic", "DeleteTopic"] },
  "topic:list": describedTopic,
  "topic:describe": describedTopic,
  "topic:create": { topic: ["CreateTopic", "DescribeTopic", "DescribeTopicDynamicConfiguration"] },
  "topic:alter": { topic: ["AlterTopic", "AlterTopicDynamicConfiguration", "DescribeTopic", "DescribeTopicDynamicConfiguration"] },
  "topic:delete": { topic: ["DeleteTopic", "DescribeTopic"] },
  "group:list": describedGroup,
  "group:describe": describedGroup,
  // In Kafka, anyone who may read the topic may commit offsets for the group.
  "group:alter": { topic: ["DescribeTopic", "ReadData"], group: ["AlterGroup", "DescribeGroup"] },
  "group:delete": { topic: ["DescribeTopic", "ReadData"], group: ["DeleteGroup", "DescribeGroup"] },
  "acl:describe": { cluster: ["DescribeCluster"] },
  "acl:alter": { cluster: ["AlterCluster", "DescribeCluster"] },
  "cluster:describe": { cluster: ["DescribeCluster", "DescribeClusterDynamicConfiguration"], topic: ["DescribeTopic"] },
  "cluster:alter": {
    cluster: ["AlterCluster", "AlterClusterDynamicConfiguration", "DescribeCluster", "DescribeClusterDynamicConfiguration"],
    topic: ["DescribeTopic"],
  },
  "dead-letter:read": read,
  // Written where a letter goes back to a topic, and to report what became of it.
  "dead-letter:redrive": produced,
  "dead-letter:discard": produced,
  "route:describe": {},
  "route:try": {},
  "route:invoke": {},
  "service:describe": {},
};

const allow = (Sid: string, Action: readonly string[], Resource: unknown): Statement => ({ Sid, Effect: "Allow", Action, Resource });
const onCluster = (actions: Iterable<string>): readonly string[] => [...new Set(actions)].sort().map((action) => `kafka-cluster:${action}`);

/** `arn:...:cluster/name/id` -> `arn:...:topic/name/id/<name>`; a `*` at the end of the name stands for any rest. */
function resourceArn(clusterArn: string, type: "topic" | "group", name: string): string {
  return `${clusterArn.replace(":cluster/", `:${type}/`)}/${name}`;
}

/** What a function of the API does on the cluster, as its operations say; and whether it creates topics of marks. */
export function apiReach({ may }: FunctionNeeds): { readonly actions: Required<ClusterActions>; readonly createsMarks: boolean } {
  const of = (part: keyof ClusterActions) => may.flatMap((permission) => byPermission[permission][part] ?? []);
  return {
    actions: { cluster: of("cluster"), topic: of("topic"), group: of("group") },
    createsMarks: may.includes("dead-letter:redrive") || may.includes("dead-letter:discard"),
  };
}

/** For a function of the API: on names that begin with `prefix`. */
export function apiStatements(needs: FunctionNeeds, clusterArn: string, prefix: string): readonly Statement[] {
  const { actions, createsMarks } = apiReach(needs);
  const topic = onCluster(actions.topic);
  const group = onCluster(actions.group);
  return [
    allow("Cluster", onCluster(["Connect", ...actions.cluster]), clusterArn),
    ...(topic.length > 0 ? [allow("Topics", topic, resourceArn(clusterArn, "topic", `${prefix}*`))] : []),
    ...(group.length > 0 ? [allow("Groups", group, resourceArn(clusterArn, "group", `${prefix}*`))] : []),
    ...(topic.includes("kafka-cluster:ReadData") && group.length === 0 ? [readingStatement(clusterArn, prefix)] : []),
    // What became of dead letters is written beside them, in a topic made when it is first needed.
    ...(createsMarks ? [allow("Marks", onCluster(["CreateTopic"]), resourceArn(clusterArn, "topic", `${prefix}*.marks`))] : []),
  ];
}

/**
 * MSK's table says that ReadData requires AlterGroup as well (https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html), although reading without a
 * group needs none: it is granted on one group that nothing uses.
 */
function readingStatement(clusterArn: string, prefix: string): Statement {
  return allow("UnusedGroup", onCluster(["AlterGroup"]), resourceArn(clusterArn, "group", `${prefix}kafka-relay-unused`));
}

interface RouteReach {
  readonly sid: "Cluster" | "Sources" | "DeadLetters" | "Target";
  readonly actions: ClusterActions;
  readonly topics: readonly string[];
}

/** What a route does on the cluster itself: it writes its target and its dead letter topic, and may create that one topic. */
export function routeReach(route: RouteNeeds): readonly RouteReach[] {
  const target = writtenTopic(route);
  return [
    { sid: "Cluster", actions: { cluster: ["WriteDataIdempotently"] }, topics: [] },
    // How large a record of the source may be, for its dead letter topic.
    ...(route.sourceTopics.length === 0
      ? []
      : [
          {
            sid: "Sources" as const,
            actions: { topic: ["DescribeTopic", "DescribeTopicDynamicConfiguration"] },
            topics: route.sourceTopics,
          },
        ]),
    {
      sid: "DeadLetters",
      actions: { topic: ["CreateTopic", "DescribeTopic", "DescribeTopicDynamicConfiguration", "WriteData"] },
      topics: route.deadLetterTopics,
    },
    ...(target === undefined ? [] : [{ sid: "Target" as const, actions: { topic: produced.topic ?? [] }, topics: [target] }]),
  ];
}

/** What a route reads, the trigger's statements add. */
export function routeStatements(route: RouteNeeds, clusterArn: string): readonly Statement[] {
  return routeReach(route).map(({ sid, actions, topics }) =>
    sid === "Cluster"
      ? allow(sid, onCluster(["Connect", ...(actions.cluster ?? [])]), clusterArn)
      : allow(
          sid,
          onCluster(actions.topic ?? []),
          topics.map((name) => resourceArn(clusterArn, "topic", name)),
        ),
  );
}

/**
 * What the mapping of a route needs of a cluster of another account: the connection that it reads through does not name the cluster
 * (https://docs.aws.amazon.com/lambda/latest/dg/with-msk-cross-account.html).
 */
export function remoteSourceStatements(
  { sourceTopics, groups }: RouteNeeds,
  { clusterArn, kafkaAuthentication }: { readonly clusterArn: string; readonly kafkaAuthentication: string },
): readonly Statement[] {
  if (sourceTopics.length === 0) return [];
  const control = allow("RemoteCluster", ["kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"], clusterArn);
  if (kafkaAuthentication !== "iam") return [control];
  const resources = (type: "topic" | "group", names: readonly (string | undefined)[]) =>
    names.map((name) => resourceArn(clusterArn, type, name ?? "*"));
  return [
    control,
    allow("RemoteConnection", onCluster(["Connect", "DescribeClusterDynamicConfiguration"]), clusterArn),
    allow("RemoteSources", onCluster(["DescribeTopic", "ReadData"]), resources("topic", sourceTopics)),
    allow("RemoteGroups", onCluster(["AlterGroup", "DescribeGroup"]), resources("group", groups)),
  ];
}

/** The topic of this cluster that a route relays to. */
function writtenTopic({ targetKind, targetOptions: { topic, cluster } }: RouteNeeds): string | undefined {
  return targetKind === "topic" && cluster === undefined && typeof topic === "string" ? topic : undefined;
}

const sub = (text: string) => ({ "Fn::Sub": text });

/** The call of an AWS target. Absent: it needs none, or the route does not show it (`unknown` says why). */
export function targetStatements({ targetKind, targetOptions: options }: RouteNeeds): readonly Statement[] {
  switch (targetKind) {
    case "sqs":
      return [allow("Target", ["sqs:SendMessage"], queueArn(String(options.queueUrl)))];
    case "sns":
      return [allow("Target", ["sns:Publish"], String(options.topicArn))];
    case "s3":
      return [allow("Target", ["s3:PutObject"], sub(`arn:\${AWS::Partition}:s3:::${options.bucket}/${options.prefix ?? ""}*`))];
    case "dynamodb":
      return [
        allow(
          "Target",
          ["dynamodb:DeleteItem", "dynamodb:PutItem"],
          arnOf(String(options.table), (name) => `dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/${name}`),
        ),
      ];
    case "eventbridge":
      return [
        allow(
          "Target",
          ["events:PutEvents"],
          arnOf(String(options.bus ?? "default"), (name) => `events:\${AWS::Region}:\${AWS::AccountId}:event-bus/${name}`),
        ),
      ];
    case "lambda":
      return [
        allow(
          "Target",
          ["lambda:InvokeFunction"],
          arnOf(String(options.functionName), (name) => `lambda:\${AWS::Region}:\${AWS::AccountId}:function:${name}`),
        ),
      ];
    default:
      return [];
  }
}

/** Targets that may be encrypted with a customer's key, by the service through which the key is used. */
const keyServices: Readonly<Record<string, string>> = { sqs: "sqs", sns: "sns", s3: "s3", dynamodb: "dynamodb" };

/** What a target needs that is encrypted with one of the keys: only through its own service. */
export function targetKeyStatements({ targetKind }: RouteNeeds, keys: readonly string[]): readonly Statement[] {
  const service = keyServices[targetKind];
  if (service === undefined || keys.length === 0) return [];
  const statement = allow("TargetKeys", ["kms:Decrypt", "kms:GenerateDataKey"], keys);
  return [{ ...statement, Condition: { StringEquals: { "kms:ViaService": sub(`${service}.\${AWS::Region}.amazonaws.com`) } } }];
}

const arnOf = (given: string, inAccount: (name: string) => string): unknown =>
  given.startsWith("arn:") ? given : sub(`arn:\${AWS::Partition}:${inAccount(given)}`);

function queueArn(url: string): unknown {
  const [, region, account, name] = /^https:\/\/sqs\.([a-z0-9-]+)\.amazonaws\.com[a-z.]*\/(\d{12})\/(.+)$/.exec(url) ?? [];
  return sub(
    region === undefined
      ? `arn:\${AWS::Partition}:sqs:\${AWS::Region}:\${AWS::AccountId}:${url.split("/").pop()}`
      : `arn:\${AWS::Partition}:sqs:${region}:${account}:${name}`,
  );
}
