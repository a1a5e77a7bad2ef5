/** Groups of every protocol: classic, consumer (KIP-848) and share (KIP-932); listed, described and deleted. */
import type { Deadline } from "../deadline.js";
import { RelayError, toRelayError } from "../errors.js";
import { toAdminError } from "./admin-failures.js";
import { ask, throughFailover } from "./admin-request.js";
import { askCoordinators, type CoordinatorShare } from "./coordinators.js";
import { type AssignedPartition, byTopicAndPartition, parseAssignment } from "./group-members.js";
import type { Kafka } from "./kafka.js";
import { deleteGroupsApi, describeConsumerGroupsApi, describeGroupsApi, describeShareGroupsApi, listGroupsApi } from "./protocol/groups.js";

/** In upper snake case, as the contract writes them. */
export type GroupType = "CLASSIC" | "CONSUMER" | "SHARE" | "STREAMS" | "UNKNOWN";

export interface ListedGroup {
  readonly groupId: string;
  readonly protocolType: string;
  /** "UNKNOWN" from brokers before 2.6, which do not list it. */
  readonly state: string;
  readonly type: GroupType;
  /** The broker that listed it, which is its coordinator. */
  readonly coordinatorId: number;
}

export interface GroupMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** Sorted by topic and partition. */
  readonly assignments: readonly AssignedPartition[];
}

export interface Group {
  readonly groupId: string;
  readonly type: GroupType;
  readonly state: string;
  readonly protocolType: string;
  /** The classic group's chosen assignor, or the server side's; "" while it has none. */
  readonly assignor: string;
  /** Offsets are committed from outside, and nobody joins. */
  readonly isSimple: boolean;
  /** A group of the consumer protocol that has classic members too, in the middle of a migration. */
  readonly isMixed: boolean;
  readonly members: readonly GroupMember[];
  readonly coordinatorId: number;
}

const words = (groupId: string): string => `Group ${JSON.stringify(groupId)}`;
export const unknownGroup = (groupId: string): RelayError => toAdminError(69, words(groupId));

/** "PreparingRebalance" -> "PREPARING_REBALANCE". */
export const toUpperSnake = (text: string): string => text.replaceAll(/([a-z])([A-Z])/g, "$1_$2").toUpperCase();

function toGroupType(type: string | null): GroupType {
  const upper = toUpperSnake(type ?? "classic");
  return upper === "CLASSIC" || upper === "CONSUMER" || upper === "SHARE" || upper === "STREAMS" ? upper : "UNKNOWN";
}

export interface GroupListing {
  /** Sorted by id. */
  readonly groups: readonly ListedGroup[];
  /** Brokers that did not tell their groups, and why. */
  readonly failed: ReadonlyMap<number, RelayError>;
}

/** Every group that the caller may describe; each broker tells those it coordinates, so one request a broker. */
export async function listGroups(
  kafka: Kafka,
  deadline: Deadline,
  options: { readonly states?: readonly string[]; readonly types?: readonly string[] } = {},
): Promise<GroupListing> {
  const failed = new Map<number, RelayError>();
  let listed: readonly ListedGroup[] = [];
  // When a broker dies, others take its groups over: then all are asked anew.
  await throughFailover(deadline, async () => {
    failed.clear();
    const { brokers } = await kafka.metadata.describe([], deadline);
    const told = await Promise.all(brokers.map(({ nodeId }) => listGroupsOf(kafka, nodeId, deadline, options).catch(toRelayError)));
    for (const [index, { nodeId }] of brokers.entries()) {
      const answer = told[index];
      if (answer instanceof RelayError) failed.set(nodeId, answer);
    }
    const [firstFailure] = failed.values();
    if (firstFailure !== undefined && failed.size === brokers.length) throw firstFailure;
    listed = told.flatMap((answer) => (answer instanceof RelayError ? [] : answer));
    return [...failed.values()].some((error) => error.failure.isRetriable) ? "unsettled" : "settled";
  });
  return { groups: [...listed].sort((one, other) => (one.groupId < other.groupId ? -1 : 1)), failed };
}

async function listGroupsOf(
  kafka: Kafka,
  nodeId: number,
  deadline: Deadline,
  options: { readonly states?: readonly string[]; readonly types?: readonly string[] },
): Promise<readonly ListedGroup[]> {
  const args = { states: options.states ?? [], types: options.types ?? [] };
  const answer = await ask(kafka, listGroupsApi, args, { nodeId }, deadline, { codes: (told) => [told.errorCode], isRepeatable: true });
  if (answer.errorCode !== 0) throw toAdminError(answer.errorCode, `Broker ${nodeId}'s groups`);
  return answer.groups.map((group) => ({
    groupId: group.groupId,
    protocolType: group.protocolType,
    state: group.state === null ? "UNKNOWN" : toUpperSnake(group.state),
    type: toGroupType(group.type),
    coordinatorId: nodeId,
  }));
}

/** One answer a group: what it is, or why it is not told (`group-not-found`, `kafka-forbidden`...). */
export function describeGroups(
  kafka: Kafka,
  groupIds: readonly string[],
  deadline: Deadline,
): Promise<ReadonlyMap<string, Group | RelayError>> {
  return askCoordinators(kafka, groupIds, deadline, (share) => describeShare(kafka, share, deadline));
}

/** One group; throws why it is not told. */
export async function describeGroup(kafka: Kafka, groupId: string, deadline: Deadline): Promise<Group> {
  const group = (await describeGroups(kafka, [groupId], deadline)).get(groupId) ?? unknownGroup(groupId);
  if (group instanceof RelayError) throw group;
  return group;
}

/**
 * A group's protocol is not known before it is asked for: the consumer protocol is asked first, then, for what it does not know, the classic one (to which an
 * unknown group is "Dead"), then share groups. At most three requests a coordinator.
 */
async function describeShare(kafka: Kafka, share: CoordinatorShare, deadline: Deadline): Promise<ReadonlyMap<string, Group | RelayError>> {
  const answers = new Map<string, Group | RelayError>();
  for (const describe of [describeConsumerProtocol, describeClassicProtocol, describeShareProtocol]) {
    const open = share.groupIds.filter((groupId) => isNotFound(answers.get(groupId)));
    if (open.length === 0) break;
    const told = await describe(kafka, { to: share.to, groupIds: open }, deadline);
    for (const [groupId, answer] of told) answers.set(groupId, answer);
  }
  return answers;
}

const isNotFound = (answer: Group | RelayError | undefined): boolean =>
  answer === undefined || (answer instanceof RelayError && answer.code === "group-not-found");

interface WireAssignment {
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[];
}

const toAssignments = ({ topics }: WireAssignment): readonly AssignedPartition[] =>
  topics.flatMap(({ name, partitions }) => partitions.map((partition) => ({ topic: name, partition }))).sort(byTopicAndPartition);

type Described = ReadonlyMap<string, Group | RelayError>;

async function describeConsumerProtocol(kafka: Kafka, { to, groupIds }: CoordinatorShare, deadline: Deadline): Promise<Described> {
  if ((await kafka.connection.versionOf(describeConsumerGroupsApi, to, deadline)) === undefined) return new Map();
  const answer = await ask(kafka, describeConsumerGroupsApi, { groups: groupIds, includeAuthorizedOperations: false }, to, deadline, {
    codes: (told) => told.groups.map(({ errorCode }) => errorCode),
    isRepeatable: true,
  });
  return new Map(
    answer.groups.map((group) => [
      group.groupId,
      group.errorCode !== 0
        ? notThisProtocol(group.errorCode, group.groupId, group.errorMessage)
        : {
            groupId: group.groupId,
            type: "CONSUMER" as const,
            state: toUpperSnake(group.state),
            protocolType: "consumer",
            assignor: group.assignor,
            coordinatorId: to.nodeId,
            isSimple: false,
            isMixed: group.members.some(({ memberType }) => memberType === 0) && group.members.some(({ memberType }) => memberType === 1),
            members: group.members.map((member) => ({ ...toMember(member), assignments: toAssignments(member.assignment) })),
          },
    ]),
  );
}

/** The broker's words for a group of another protocol would mislead: the next protocol is asked. A broker that has the protocol switched off says 35. */
const notThisProtocol = (errorCode: number, groupId: string, message: string | null): RelayError =>
  errorCode === 69 || errorCode === 35 ? unknownGroup(groupId) : toAdminError(errorCode, words(groupId), message);

const toMember = (member: {
  readonly memberId: string;
  readonly instanceId?: string | null;
  readonly clientId: string;
  readonly clientHost: string;
}): Omit<GroupMember, "assignments"> => ({
  memberId: member.memberId,
  instanceId: member.instanceId ?? null,
  clientId: member.clientId,
  clientHost: member.clientHost.replace(/^\//, ""),
});

async function describeClassicProtocol(kafka: Kafka, { to, groupIds }: CoordinatorShare, deadline: Deadline): Promise<Described> {
  const answer = await ask(kafka, describeGroupsApi, { groups: groupIds, includeAuthorizedOperations: false }, to, deadline, {
    codes: (told) => told.groups.map(({ errorCode }) => errorCode),
    isRepeatable: true,
  });
  return new Map(
    answer.groups.map((group) => [
      group.groupId,
      group.errorCode !== 0
        ? notThisProtocol(group.errorCode, group.groupId, group.errorMessage)
        : group.state === "Dead"
          ? unknownGroup(group.groupId)
          : {
              groupId: group.groupId,
              type: "CLASSIC" as const,
              state: toUpperSnake(group.state),
              protocolType: group.protocolType,
              assignor: group.protocol,
              coordinatorId: to.nodeId,
              isSimple: group.protocolType === "",
              isMixed: false,
              members: group.members.map((member) => ({
                ...toMember(member),
                assignments: group.protocolType === "consumer" ? [...parseAssignment(member.assignment)].sort(byTopicAndPartition) : [],
              })),
            },
    ]),
  );
}

async function describeShareProtocol(kafka: Kafka, { to, groupIds }: CoordinatorShare, deadline: Deadline): Promise<Described> {
  if ((await kafka.connection.versionOf(describeShareGroupsApi, to, deadline)) === undefined) return new Map();
  const answer = await ask(kafka, describeShareGroupsApi, { groups: groupIds, includeAuthorizedOperations: false }, to, deadline, {
    codes: (told) => told.groups.map(({ errorCode }) => errorCode),
    isRepeatable: true,
  });
  return new Map(
    answer.groups.map((group) => [
      group.groupId,
      group.errorCode !== 0
        ? notThisProtocol(group.errorCode, group.groupId, group.errorMessage)
        : {
            groupId: group.groupId,
            type: "SHARE" as const,
            state: toUpperSnake(group.state),
            protocolType: "share",
            assignor: group.assignor,
            coordinatorId: to.nodeId,
            isSimple: false,
            isMixed: false,
            members: group.members.map((member) => ({ ...toMember(member), assignments: toAssignments(member.assignment) })),
          },
    ]),
  );
}

/** One answer a group: undefined where it is gone, or why it is not (`group-not-found`, `conflict` while it has members). */
export function deleteGroups(
  kafka: Kafka,
  groupIds: readonly string[],
  deadline: Deadline,
): Promise<ReadonlyMap<string, RelayError | undefined>> {
  return askCoordinators<undefined>(kafka, groupIds, deadline, async (share) => {
    const answer = await ask(kafka, deleteGroupsApi, { groups: share.groupIds }, share.to, deadline, {
      codes: (told) => told.groups.map(({ errorCode }) => errorCode),
      isRepeatable: false,
    });
    return new Map(
      answer.groups.map(({ groupId, errorCode }) => [groupId, errorCode === 0 ? undefined : toAdminError(errorCode, words(groupId))]),
    );
  });
}
