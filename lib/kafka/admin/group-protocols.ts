/** What each group protocol reports of a group by its id: consumer (KIP-848), classic, share (KIP-932) and streams (KIP-1071). */

import type { Deadline } from "../../deadline.js";
import type { RelayError } from "../../errors.js";
import { ask } from "../ask.js";
import type { Api, AsksBrokers } from "../connection.js";
import { isKafkaError } from "../protocol/error-codes.js";
import { describeConsumerGroupsApi, describeGroupsApi, describeShareGroupsApi } from "../protocol/groups.js";
import { groupWords, toKafkaError } from "../protocol/kafka-error.js";
import { describeStreamsGroupsApi } from "../protocol/streams-groups.js";
import type { AnswerOf } from "../protocol/wire.js";
import type { CoordinatorShare } from "./coordinators.js";
import { type Group, type GroupMember, toUpperSnake, unknownGroup } from "./group.js";
import { type AssignedPartition, byTopicAndPartition, parseAssignment } from "./group-members.js";

/** One answer per group; a group of another protocol is `group-not-found` to this one. Empty where the broker does not speak it. */
type DescribeByProtocol = (
  kafka: AsksBrokers,
  share: CoordinatorShare,
  deadline: Deadline,
) => Promise<ReadonlyMap<string, Group | RelayError>>;

/** In the order to ask: nearly every group is of one of the first two. */
export const groupProtocols: readonly DescribeByProtocol[] = [
  byProtocol(describeConsumerGroupsApi, toConsumerGroup),
  byProtocol(describeGroupsApi, toClassicGroup),
  byProtocol(describeShareGroupsApi, toShareGroup),
  byProtocol(describeStreamsGroupsApi, toStreamsGroup),
];

interface DescribeArgs {
  readonly groups: readonly string[];
  readonly includeAuthorizedOperations: boolean;
  readonly includeTopologyDescription: boolean;
}
interface Described {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly groupId: string;
  readonly state: string;
}
/** What a protocol reports beside the id and the state. */
type ReportedByProtocol = Omit<Group, "groupId" | "state" | "coordinatorId">;

function byProtocol<One extends Described>(
  api: Api<DescribeArgs, { readonly groups: readonly One[] }>,
  toGroup: (answer: One) => ReportedByProtocol,
): DescribeByProtocol {
  return async (kafka, { to, groupIds }, deadline) => {
    if ((await kafka.connection.versionOf(api, to, deadline)) === undefined) return new Map();
    const args = { groups: groupIds, includeAuthorizedOperations: false, includeTopologyDescription: false };
    const { groups } = await ask(kafka, api, args, to, deadline, {
      codes: (answer) => answer.groups.map(({ errorCode }) => errorCode),
      isRepeatable: true,
    });
    return new Map(
      groups.map((answer) => [
        answer.groupId,
        refusalOf(answer) ?? {
          groupId: answer.groupId,
          state: toUpperSnake(answer.state),
          coordinatorId: to.nodeId,
          ...toGroup(answer),
        },
      ]),
    );
  };
}

/**
 * The broker's words for a group of another protocol would mislead: the next protocol is asked. A broker that has a protocol switched off says UNSUPPORTED_VERSION, and the
 * classic protocol calls a group that does not exist "Dead".
 */
function refusalOf({ errorCode, errorMessage, groupId, state }: Described): RelayError | undefined {
  if (isKafkaError(errorCode, "GROUP_ID_NOT_FOUND", "UNSUPPORTED_VERSION") || (errorCode === 0 && state === "Dead"))
    return unknownGroup(groupId);
  return errorCode === 0 ? undefined : toKafkaError(errorCode, groupWords(groupId), errorMessage);
}

function toConsumerGroup({ assignor, members }: AnswerOf<typeof describeConsumerGroupsApi>["groups"][number]): ReportedByProtocol {
  const types = new Set(members.map(({ memberType }) => memberType));
  return {
    type: "CONSUMER",
    protocolType: "consumer",
    assignor,
    isSimple: false,
    isMixed: types.has(0) && types.has(1),
    members: members.map((member) => toMember(member, toAssignments(member.assignment))),
  };
}

function toClassicGroup({ protocolType, protocol, members }: AnswerOf<typeof describeGroupsApi>["groups"][number]): ReportedByProtocol {
  return {
    type: "CLASSIC",
    protocolType,
    assignor: protocol,
    isSimple: protocolType === "",
    isMixed: false,
    members: members.map((member) => toMember(member, protocolType === "consumer" ? parseAssignment(member.assignment) : [])),
  };
}

function toShareGroup({ assignor, members }: AnswerOf<typeof describeShareGroupsApi>["groups"][number]): ReportedByProtocol {
  return {
    type: "SHARE",
    protocolType: "share",
    assignor,
    isSimple: false,
    isMixed: false,
    members: members.map((member) => toMember(member, toAssignments(member.assignment))),
  };
}

/** Streams members are assigned tasks: a part of the topology, and a partition of each topic which that part reads. */
function toStreamsGroup({ assignor, topology, members }: AnswerOf<typeof describeStreamsGroupsApi>["groups"][number]): ReportedByProtocol {
  const topicsOf = new Map(
    (topology?.subtopologies ?? []).map((part) => [
      part.subtopologyId,
      [...part.sourceTopics, ...part.repartitionSourceTopics.map(({ name }) => name)],
    ]),
  );
  const toRead = (tasks: readonly { readonly subtopologyId: string; readonly partitions: readonly number[] }[]) =>
    tasks.flatMap(({ subtopologyId, partitions }) =>
      (topicsOf.get(subtopologyId) ?? []).flatMap((topic) => partitions.map((partition) => ({ topic, partition }))),
    );
  const types = new Set(members.map(({ isClassic }) => isClassic));
  return {
    type: "STREAMS",
    protocolType: "streams",
    assignor: assignor ?? "",
    isSimple: false,
    isMixed: types.size > 1,
    members: members.map((member) => toMember(member, toRead(member.assignment.activeTasks))),
  };
}

const toAssignments = ({ topics }: { readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[] }) =>
  topics.flatMap(({ name, partitions }) => partitions.map((partition) => ({ topic: name, partition })));

function toMember(
  member: {
    readonly memberId: string;
    readonly instanceId?: string | null;
    readonly clientId: string;
    readonly clientHost: string;
  },
  assignments: readonly AssignedPartition[],
): GroupMember {
  return {
    memberId: member.memberId,
    instanceId: member.instanceId ?? null,
    clientId: member.clientId,
    clientHost: member.clientHost.replace(/^\//, ""),
    assignments: [...assignments].sort(byTopicAndPartition),
  };
}
