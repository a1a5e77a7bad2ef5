/** Groups of every protocol: listed, described and deleted. */

import type { Deadline } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import { ask, throughFailover } from "../ask.js";
import type { AsksBrokers } from "../connection.js";
import type { KnowsTopics } from "../metadata.js";
import { deleteGroupsApi, listGroupsApi } from "../protocol/groups.js";
import { groupWords, toChangeError, toKafkaError } from "../protocol/kafka-error.js";
import { askCoordinators, type CoordinatorShare } from "./coordinators.js";
import { type Group, type GroupType, toGroupType, toUpperSnake, unknownGroup } from "./group.js";
import { groupProtocols } from "./group-protocols.js";

interface ListedGroup {
  readonly groupId: string;
  readonly protocolType: string;
  /** "UNKNOWN" from brokers before 2.6, which do not list it. */
  readonly state: string;
  readonly type: GroupType;
  /** The broker that listed it, which is its coordinator. */
  readonly coordinatorId: number;
}

interface GroupListing {
  /** Sorted by id. */
  readonly groups: readonly ListedGroup[];
  /** Brokers that did not list their groups, and why. */
  readonly failed: ReadonlyMap<number, RelayError>;
}

/** Every group that the caller may describe; each broker lists those that it coordinates, so one request per broker. */
export async function listGroups(
  kafka: AsksBrokers & KnowsTopics,
  deadline: Deadline,
  options: { readonly states?: readonly string[]; readonly types?: readonly string[] } = {},
): Promise<GroupListing> {
  const failed = new Map<number, RelayError>();
  let listed: readonly ListedGroup[] = [];
  // When a broker dies, others take its groups over: then all are asked again.
  await throughFailover(deadline, async () => {
    failed.clear();
    const { brokers } = await kafka.metadata.describe([], deadline);
    const ofBrokers = await Promise.all(brokers.map(({ nodeId }) => listGroupsOf(kafka, nodeId, deadline, options).catch(toRelayError)));
    for (const [index, { nodeId }] of brokers.entries()) {
      const answer = ofBrokers[index];
      if (answer instanceof RelayError) failed.set(nodeId, answer);
    }
    const [firstFailure] = failed.values();
    if (firstFailure !== undefined && failed.size === brokers.length) throw firstFailure;
    listed = ofBrokers.flatMap((answer) => (answer instanceof RelayError ? [] : answer));
    return [...failed.values()].some((error) => error.failure.isRetriable) ? "unsettled" : "settled";
  });
  return { groups: [...listed].sort((one, other) => (one.groupId < other.groupId ? -1 : 1)), failed };
}

async function listGroupsOf(
  kafka: AsksBrokers,
  nodeId: number,
  deadline: Deadline,
  options: { readonly states?: readonly string[]; readonly types?: readonly string[] },
): Promise<readonly ListedGroup[]> {
  const args = { states: options.states ?? [], types: options.types ?? [] };
  const answer = await ask(kafka, listGroupsApi, args, { nodeId }, deadline, { codes: (answer) => [answer.errorCode], isRepeatable: true });
  if (answer.errorCode !== 0) throw toKafkaError(answer.errorCode, `Broker ${nodeId}'s groups`);
  return answer.groups.map((group) => ({
    groupId: group.groupId,
    protocolType: group.protocolType,
    state: group.state === null ? "UNKNOWN" : toUpperSnake(group.state),
    type: toGroupType(group.type),
    coordinatorId: nodeId,
  }));
}

/** One answer per group: what it is, or why it is unknown (`group-not-found`, `kafka-forbidden`...). */
export function describeGroups(
  kafka: AsksBrokers,
  groupIds: readonly string[],
  deadline: Deadline,
): Promise<ReadonlyMap<string, Group | RelayError>> {
  return askCoordinators(kafka, groupIds, deadline, (share) => describeShare(kafka, share, deadline));
}

/** One group; throws why it is unknown. */
export async function describeGroup(kafka: AsksBrokers, groupId: string, deadline: Deadline): Promise<Group> {
  const group = (await describeGroups(kafka, [groupId], deadline)).get(groupId) ?? unknownGroup(groupId);
  if (group instanceof RelayError) throw group;
  return group;
}

/** A group's protocol is not known before it is asked for: each protocol is asked for what those before it do not know. At most four requests per coordinator. */
async function describeShare(
  kafka: AsksBrokers,
  share: CoordinatorShare,
  deadline: Deadline,
): Promise<ReadonlyMap<string, Group | RelayError>> {
  const answers = new Map<string, Group | RelayError>();
  for (const describe of groupProtocols) {
    const open = share.groupIds.filter((groupId) => isNotFound(answers.get(groupId)));
    if (open.length === 0) break;
    const described = await describe(kafka, { to: share.to, groupIds: open }, deadline);
    for (const [groupId, answer] of described) answers.set(groupId, answer);
  }
  return answers;
}

const isNotFound = (answer: Group | RelayError | undefined): boolean =>
  answer === undefined || (answer instanceof RelayError && answer.code === "group-not-found");

/** One answer per group: undefined where it is gone, or why it is not (`group-not-found`, `conflict` while it has members). */
export function deleteGroups(
  kafka: AsksBrokers,
  groupIds: readonly string[],
  deadline: Deadline,
): Promise<ReadonlyMap<string, RelayError | undefined>> {
  return askCoordinators<undefined>(kafka, groupIds, deadline, async (share) => {
    const answer = await ask(kafka, deleteGroupsApi, { groups: share.groupIds }, share.to, deadline, {
      codes: (answer) => answer.groups.map(({ errorCode }) => errorCode),
      isRepeatable: false,
    });
    return new Map(
      answer.groups.map(({ groupId, errorCode }) => [groupId, errorCode === 0 ? undefined : toChangeError(errorCode, groupWords(groupId))]),
    );
  });
}
