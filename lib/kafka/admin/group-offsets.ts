/** What groups have committed: read for many groups at once, set, and deleted. */

import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { ask } from "../ask.js";
import type { AsksBrokers } from "../connection.js";
import { isKafkaError } from "../protocol/error-codes.js";
import { groupWords, toChangeError, toKafkaError } from "../protocol/kafka-error.js";
import { offsetCommitApi, offsetDeleteApi, offsetFetchApi, offsetFetchGroupsApi } from "../protocol/offsets.js";
import { askCoordinators, type CoordinatorShare } from "./coordinators.js";

/** Offsets by topic and partition. */
export type OffsetTable = ReadonlyMap<string, ReadonlyMap<number, bigint>>;

/** All that each group has committed, or why it is unknown. A group that does not exist has committed nothing. */
export function committedOffsets(
  kafka: AsksBrokers,
  groupIds: readonly string[],
  deadline: Deadline,
): Promise<ReadonlyMap<string, OffsetTable | RelayError>> {
  return askCoordinators(kafka, groupIds, deadline, (share) => fetchShare(kafka, share, deadline));
}

interface WireTopic {
  readonly name: string;
  readonly partitions: readonly { readonly partition: number; readonly offset: bigint; readonly errorCode: number }[];
}

async function fetchShare(
  kafka: AsksBrokers,
  { to, groupIds }: CoordinatorShare,
  deadline: Deadline,
): Promise<ReadonlyMap<string, OffsetTable | RelayError>> {
  const acceptsLists = (await kafka.connection.versionOf(offsetFetchGroupsApi, to, deadline)) !== undefined;
  if (acceptsLists) {
    const answer = await ask(
      kafka,
      offsetFetchGroupsApi,
      { groups: groupIds.map((groupId) => ({ groupId, memberId: null, memberEpoch: -1, topics: null })), requireStable: false },
      to,
      deadline,
      { codes: (answer) => answer.groups.map(({ errorCode }) => errorCode), isRepeatable: true },
    );
    return new Map(answer.groups.map((group) => [group.groupId, toTable(group.groupId, group.errorCode, group.topics)]));
  }
  const tables = new Map<string, OffsetTable | RelayError>();
  for (const groupId of groupIds) {
    const answer = await ask(kafka, offsetFetchApi, { groupId, topics: null }, to, deadline, {
      codes: (answer) => [answer.errorCode],
      isRepeatable: true,
    });
    tables.set(groupId, toTable(groupId, answer.errorCode, answer.topics));
  }
  return tables;
}

/** A group that a broker does not know has committed nothing. */
function toTable(groupId: string, errorCode: number, topics: readonly WireTopic[]): OffsetTable | RelayError {
  if (isKafkaError(errorCode, "GROUP_ID_NOT_FOUND")) return new Map();
  if (errorCode !== 0) return toKafkaError(errorCode, groupWords(groupId));
  const table = new Map<string, ReadonlyMap<number, bigint>>();
  for (const { name, partitions } of topics) {
    const committed = partitions.filter(({ errorCode: code, offset }) => code === 0 && offset >= 0n);
    if (committed.length > 0) table.set(name, new Map(committed.map(({ partition, offset }) => [partition, offset])));
  }
  return table;
}

/** Commits for a group without members: one answer per partition. `conflict` while members are active. */
export async function commitForGroup(
  kafka: AsksBrokers,
  groupId: string,
  offsets: OffsetTable,
  deadline: Deadline,
): Promise<readonly { readonly topic: string; readonly partition: number; readonly error?: RelayError }[]> {
  const answer = await ask(
    kafka,
    offsetCommitApi,
    {
      groupId,
      generation: -1,
      memberId: "",
      instanceId: null,
      retentionMs: -1n,
      topics: [...offsets].map(([name, partitions]) => ({
        name,
        partitions: [...partitions].map(([partition, offset]) => ({ partition, offset, leaderEpoch: -1, metadata: "" })),
      })),
    },
    { coordinatorOf: groupId },
    deadline,
    { codes: (answer) => answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)), isRepeatable: true },
  );
  return answer.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partition, errorCode }) => ({
      topic: name,
      partition,
      ...(errorCode === 0 ? {} : { error: toCommitError(errorCode, groupId, name, partition) }),
    })),
  );
}

/** Without members of its own a group has no member that commits from outside: where it has some, that is what an unknown member means. */
function toCommitError(code: number, groupId: string, topic: string, partition: number): RelayError {
  const what = `${groupWords(groupId)} on ${topic}/${partition}`;
  if (!isKafkaError(code, "UNKNOWN_MEMBER_ID")) return toChangeError(code, what);
  return new RelayError("conflict", `${what}: the group has members, and only they can change its offsets.`, { kafkaCode: code });
}

/** Forgets what a group has committed for partitions of topics (KIP-496); throws for the whole group, and for the first partition that is refused. */
export async function deleteOffsets(
  kafka: AsksBrokers,
  groupId: string,
  topics: ReadonlyMap<string, readonly number[]>,
  deadline: Deadline,
): Promise<void> {
  const answer = await ask(
    kafka,
    offsetDeleteApi,
    { groupId, topics: [...topics].map(([name, partitions]) => ({ name, partitions: partitions.map((partition) => ({ partition })) })) },
    { coordinatorOf: groupId },
    deadline,
    { codes: (answer) => [answer.errorCode], isRepeatable: true },
  );
  if (answer.errorCode !== 0) throw toChangeError(answer.errorCode, groupWords(groupId));
  for (const { name, partitions } of answer.topics) {
    const refused = partitions.find(({ errorCode }) => errorCode !== 0);
    if (refused !== undefined) throw toChangeError(refused.errorCode, `${groupWords(groupId)} on ${name}/${refused.partition}`);
  }
}
