/** What groups have committed: read for many groups at once, set, and deleted. */
import type { Deadline } from "../../deadline.js";
import type { RelayError } from "../../errors.js";
import type { Kafka } from "../kafka.js";
import { offsetCommitApi, offsetDeleteApi, offsetFetchApi, offsetFetchGroupsApi } from "../protocol/offsets.js";
import { toAdminError } from "./admin-failures.js";
import { ask } from "./admin-request.js";
import { askCoordinators, type CoordinatorShare } from "./coordinators.js";
import { groupWords } from "./group.js";

/** Offsets by topic and partition. */
export type OffsetTable = ReadonlyMap<string, ReadonlyMap<number, bigint>>;

/** All that each group has committed, or why it is not told. A group that does not exist has committed nothing. */
export function committedOffsets(
  kafka: Kafka,
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
  kafka: Kafka,
  { to, groupIds }: CoordinatorShare,
  deadline: Deadline,
): Promise<ReadonlyMap<string, OffsetTable | RelayError>> {
  const takesLists = (await kafka.connection.versionOf(offsetFetchGroupsApi, to, deadline)) !== undefined;
  if (takesLists) {
    const answer = await ask(
      kafka,
      offsetFetchGroupsApi,
      { groups: groupIds.map((groupId) => ({ groupId, memberId: null, memberEpoch: -1, topics: null })), requireStable: false },
      to,
      deadline,
      { codes: (told) => told.groups.map(({ errorCode }) => errorCode), isRepeatable: true },
    );
    return new Map(answer.groups.map((group) => [group.groupId, toTable(group.groupId, group.errorCode, group.topics)]));
  }
  const tables = new Map<string, OffsetTable | RelayError>();
  for (const groupId of groupIds) {
    const answer = await ask(kafka, offsetFetchApi, { groupId, topics: null }, to, deadline, {
      codes: (told) => [told.errorCode],
      isRepeatable: true,
    });
    tables.set(groupId, toTable(groupId, answer.errorCode, answer.topics));
  }
  return tables;
}

/** A group that a broker does not know (69) has committed nothing. */
function toTable(groupId: string, errorCode: number, topics: readonly WireTopic[]): OffsetTable | RelayError {
  if (errorCode === 69) return new Map();
  if (errorCode !== 0) return toAdminError(errorCode, groupWords(groupId));
  const table = new Map<string, ReadonlyMap<number, bigint>>();
  for (const { name, partitions } of topics) {
    const committed = partitions.filter(({ errorCode: code, offset }) => code === 0 && offset >= 0n);
    if (committed.length > 0) table.set(name, new Map(committed.map(({ partition, offset }) => [partition, offset])));
  }
  return table;
}

/** Commits for a group without members: one answer a partition. `conflict` while members are active. */
export async function commitOffsets(
  kafka: Kafka,
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
    { codes: (told) => told.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)), isRepeatable: true },
  );
  return answer.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partition, errorCode }) => ({
      topic: name,
      partition,
      ...(errorCode === 0 ? {} : { error: toAdminError(errorCode, `${groupWords(groupId)} on ${name}/${partition}`) }),
    })),
  );
}

/** Forgets what a group has committed for partitions of topics (KIP-496); throws for the whole group, and for the first partition that is refused. */
export async function deleteOffsets(
  kafka: Kafka,
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
    { codes: (told) => [told.errorCode], isRepeatable: true },
  );
  if (answer.errorCode !== 0) throw toAdminError(answer.errorCode, groupWords(groupId));
  for (const { name, partitions } of answer.topics) {
    const refused = partitions.find(({ errorCode }) => errorCode !== 0);
    if (refused !== undefined) throw toAdminError(refused.errorCode, `${groupWords(groupId)} on ${name}/${refused.partition}`);
  }
}
