/**
 * Mappings that a deployment would replace in one step, which Lambda refuses with 409: CloudFormation creates the new mapping before it deletes the old one, and for a
 * moment both would have the same group, or the same function, cluster and topic. Compares the deployed template with the new one. Pure.
 */
import type { Resource } from "./roles.js";

type Resources = Readonly<Record<string, Resource>>;

interface DeployedMapping {
  readonly id: string;
  readonly functionId: string;
  readonly topic: string;
  readonly cluster: string;
  readonly group: string | undefined;
}

export function replacedMappingFaults(deployed: Resources, next: Resources): readonly string[] {
  const before = mappingsIn(deployed);
  return mappingsIn(next).flatMap((mapping) => {
    const same = before.find(({ id }) => id === mapping.id);
    if (same !== undefined) return changedInPlace(same, mapping);
    const holder = before.find(({ group, id }) => group !== undefined && group === mapping.group && next[id] === undefined);
    return holder === undefined ? [] : [renamed(holder, mapping)];
  });
}

/** The group and the cluster of a mapping cannot be updated: CloudFormation replaces it. */
function changedInPlace(before: DeployedMapping, { functionId, group, cluster }: DeployedMapping): readonly string[] {
  if (before.group === group && before.cluster === cluster) return [];
  const what =
    before.group === group ? `the cluster of its mapping changes` : `the group of its mapping changes from ${before.group} to ${group}`;
  return [
    `${functionId}: ${what}, so CloudFormation creates a second mapping for ${before.topic} before it deletes the first, and Lambda refuses it (409). ${inTwoSteps(before.group, group)}`,
  ];
}

function renamed({ topic, group }: DeployedMapping, next: DeployedMapping): string {
  return `${next.functionId}: its topic changes from ${topic} to ${next.topic} while the group stays ${group}, so CloudFormation creates the new mapping before it deletes the old one, and Lambda refuses a second mapping with that group (409). ${inTwoSteps(group, next.group)}`;
}

function inTwoSteps(before: string | undefined, after: string | undefined): string {
  const carried =
    before === after || before === undefined
      ? "committed offsets stay with the group"
      : `carry the offsets over between the steps: kafka-relay groups copy-offsets ${before} ${after ?? "<new group>"}`;
  return `Deploy twice: first without the msk event of the function, then with the new one (${carried}).`;
}

function mappingsIn(resources: Resources): readonly DeployedMapping[] {
  return Object.entries(resources)
    .filter(([, { Type }]) => Type === "AWS::Lambda::EventSourceMapping")
    .map(([id, { Properties }]) => {
      const { FunctionName, Topics, EventSourceArn, SelfManagedEventSource } = Properties;
      const { AmazonManagedKafkaEventSourceConfig: msk, SelfManagedKafkaEventSourceConfig: own } = Properties as Record<
        string,
        { readonly ConsumerGroupId?: string } | undefined
      >;
      return {
        id,
        functionId: functionIdIn(FunctionName),
        topic: String((Topics as readonly string[] | undefined)?.[0]),
        cluster: JSON.stringify(EventSourceArn ?? SelfManagedEventSource),
        group: (msk ?? own)?.ConsumerGroupId,
      };
    });
}

/** A mapping invokes a function, or its alias. */
function functionIdIn(name: unknown): string {
  const { Ref, "Fn::GetAtt": attribute } = (name ?? {}) as { readonly Ref?: string; readonly "Fn::GetAtt"?: readonly string[] };
  return attribute?.[0] ?? Ref ?? String(name);
}
