/** Moving a group's offsets: to an end, an offset, a time, or by a number of records; planned first, committed while nobody reads. */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { AsksBrokers } from "../connection.js";
import { type ListedOffset, listOffsets, type PartitionPoint } from "../list-offsets.js";
import type { KnowsTopics } from "../metadata.js";
import { commitForGroup, committedOffsets } from "./group-offsets.js";
import { describeGroup } from "./groups.js";
import { describeTopic, refuseInternalTopic } from "./topics.js";

export type ResetTo =
  | { readonly to: "earliest" }
  | { readonly to: "latest" }
  | { readonly to: "offset"; readonly offset: bigint }
  /** Milliseconds since the epoch: the first record at or after it, the end where there is none. */
  | { readonly to: "timestamp"; readonly timestampMs: bigint }
  /** Records forward, or backward where negative. */
  | { readonly to: "shift"; readonly shift: bigint };

interface ResetOffset {
  readonly topic: string;
  readonly partition: number;
  /** Null: none was committed. */
  readonly before: bigint | null;
  readonly after: bigint;
}

interface PartitionEnds {
  readonly beginning: bigint;
  readonly end: bigint;
}

/** Where one partition's offset goes. A target outside of what the partition holds is brought to its nearer end. */
export function resetOffset(target: ResetTo, before: bigint | null, { beginning, end }: PartitionEnds, atTime: bigint | undefined): bigint {
  const within = (offset: bigint): bigint => (offset < beginning ? beginning : offset > end ? end : offset);
  switch (target.to) {
    case "earliest":
      return beginning;
    case "latest":
      return end;
    case "offset":
      return within(target.offset);
    case "timestamp":
      return atTime === undefined || atTime < 0n ? end : within(atTime);
    case "shift":
      return within((before ?? end) + target.shift);
  }
}

/**
 * The same for every topic that the group has committed an offset of. All of it is planned before anything is committed, topic by topic; `not-found` for a group
 * that has committed nothing.
 */
export async function resetOffsetsOfAllTopics(
  kafka: AsksBrokers & KnowsTopics,
  groupId: string,
  target: ResetTo,
  deadline: Deadline,
  options: { readonly validateOnly?: boolean } = {},
): Promise<readonly ResetOffset[]> {
  const table = (await committedOffsets(kafka, [groupId], deadline)).get(groupId);
  if (table instanceof RelayError) throw table;
  const topics = [...(table?.keys() ?? [])].sort();
  if (topics.length === 0) throw new RelayError("not-found", `Group ${JSON.stringify(groupId)} has committed no offsets.`);
  const reset = async (validateOnly: boolean): Promise<readonly ResetOffset[]> => {
    const plans: ResetOffset[] = [];
    for (const topic of topics) plans.push(...(await resetOffsets(kafka, groupId, topic, "all", target, deadline, { validateOnly })));
    return plans;
  };
  const plan = await reset(true);
  return options.validateOnly === true ? plan : reset(false);
}

/**
 * What every partition's offset was and is now. Throws `conflict` while the group has members, `unknown-topic-or-partition`, and what a partition is refused for.
 * A group that does not exist comes into being, as it does with Kafka's own tool. With `validateOnly` nothing is changed, and the group may have members.
 */
export async function resetOffsets(
  kafka: AsksBrokers & KnowsTopics,
  groupId: string,
  topic: string,
  partitions: readonly number[] | "all",
  target: ResetTo,
  deadline: Deadline,
  options: { readonly validateOnly?: boolean } = {},
): Promise<readonly ResetOffset[]> {
  const validateOnly = options.validateOnly ?? false;
  const [asked] = await Promise.all([
    partitionsOf(kafka, topic, partitions, deadline),
    validateOnly ? undefined : refuseActiveGroup(kafka, groupId, deadline),
  ]);
  const [committed, ends] = await Promise.all([
    committedOffsets(kafka, [groupId], deadline),
    pointsOf(kafka, topic, asked, target, deadline),
  ]);
  const table = committed.get(groupId);
  if (table instanceof RelayError) throw table;
  const plan = asked.map((partition) => {
    const before = table?.get(topic)?.get(partition) ?? null;
    const { beginning, end, atTime } = ends.get(partition) ?? { beginning: 0n, end: 0n, atTime: undefined };
    return { topic, partition, before, after: resetOffset(target, before, { beginning, end }, atTime) };
  });
  if (validateOnly || plan.length === 0) return plan;
  const answers = await commitForGroup(
    kafka,
    groupId,
    new Map([[topic, new Map(plan.map(({ partition, after }) => [partition, after]))]]),
    deadline,
  );
  const refused = answers.find(({ error }) => error !== undefined)?.error;
  if (refused !== undefined) throw refused;
  return plan;
}

async function partitionsOf(
  kafka: AsksBrokers & KnowsTopics,
  topic: string,
  partitions: readonly number[] | "all",
  deadline: Deadline,
): Promise<readonly number[]> {
  const refusal = refuseInternalTopic(topic);
  if (refusal !== undefined) throw refusal;
  const known = (await describeTopic(kafka, topic, deadline)).partitions.map(({ partition }) => partition);
  if (partitions === "all") return known;
  const unknown = partitions.find((partition) => !known.includes(partition));
  if (unknown === undefined) return [...new Set(partitions)].sort((one, other) => one - other);
  throw new RelayError("unknown-topic-or-partition", `Topic ${JSON.stringify(topic)} has no partition ${unknown}: it has ${known.length}.`);
}

/** The broker takes commits from outside into a group without members alone, but says so in words that help nobody. */
async function refuseActiveGroup(kafka: AsksBrokers & KnowsTopics, groupId: string, deadline: Deadline): Promise<void> {
  try {
    const group = await describeGroup(kafka, groupId, deadline);
    if (group.members.length === 0 && group.type !== "SHARE") return;
    const why =
      group.type === "SHARE"
        ? "is a share group, whose offsets the brokers keep themselves"
        : `has ${group.members.length} member(s): stop them first`;
    throw new RelayError("conflict", `Group ${JSON.stringify(groupId)} ${why}.`);
  } catch (error) {
    if (!(error instanceof RelayError) || error.code !== "group-not-found") throw error;
  }
}

interface Points extends PartitionEnds {
  readonly atTime: bigint | undefined;
}

async function pointsOf(
  kafka: AsksBrokers & KnowsTopics,
  topic: string,
  partitions: readonly number[],
  target: ResetTo,
  deadline: Deadline,
): Promise<ReadonlyMap<number, Points>> {
  const kinds: readonly PartitionPoint["at"][] = ["earliest", "latest", ...(target.to === "timestamp" ? [target.timestampMs] : [])];
  const listed = await listOffsets(
    kafka,
    kinds.flatMap((at) => partitions.map((partition) => ({ topic, partition, at }))),
    deadline,
  );
  const failed = listed.find(({ error }) => error !== undefined)?.error;
  if (failed !== undefined) throw failed;
  const of = (kind: number, index: number): ListedOffset | undefined => listed[kind * partitions.length + index];
  return new Map(
    partitions.map((partition, index) => [
      partition,
      { beginning: of(0, index)?.offset ?? 0n, end: of(1, index)?.offset ?? 0n, atTime: of(2, index)?.offset },
    ]),
  );
}
