/** How a group's members share the partitions of their topics, the way the Java client's assignors do: every leader of whatever client comes to the same result. */

type AssignorName = "range" | "roundrobin";

/** Runs of neighbours; the first members take one more where it does not come out even. */
function assignRange(members: readonly string[], partitionsCount: number): readonly (readonly number[])[] {
  const share = Math.floor(partitionsCount / members.length);
  const more = partitionsCount % members.length;
  return members.map((_, index) => {
    const from = share * index + Math.min(index, more);
    return numbers(from, share + (index < more ? 1 : 0));
  });
}

/** One partition after the other to one member after the other. */
function assignRoundRobin(members: readonly string[], partitionsCount: number): readonly (readonly number[])[] {
  return members.map((_, index) => numbers(0, partitionsCount).filter((partition) => partition % members.length === index));
}

const numbers = (from: number, count: number): readonly number[] => Array.from({ length: count }, (_, index) => from + index);

/** In the order in which they are preferred: the group takes the first that all of its members offer. */
export const assignorNames: readonly AssignorName[] = ["range", "roundrobin"];

/** Partitions by member; `members` in any order, ordered by their ids. */
export function assignPartitions(
  assignor: string,
  members: readonly string[],
  partitionsCount: number,
): ReadonlyMap<string, readonly number[]> {
  const sorted = [...members].sort();
  if (sorted.length === 0) return new Map();
  const shares = assignor === "roundrobin" ? assignRoundRobin(sorted, partitionsCount) : assignRange(sorted, partitionsCount);
  return new Map(sorted.map((member, index) => [member, shares[index] ?? []]));
}

type Shares = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;

/** Partitions by member and topic. Topics are shared out in the order of their names, each among the members that subscribe to it. */
export function assignTopics(
  assignor: string,
  subscriptions: ReadonlyMap<string, readonly string[]>,
  partitionCounts: ReadonlyMap<string, number>,
): Shares {
  const shares = new Map([...subscriptions.keys()].map((member) => [member, new Map<string, number[]>()]));
  const give = (member: string, topic: string, partitions: readonly number[]): void => {
    const ofMember = shares.get(member);
    if (partitions.length > 0) ofMember?.set(topic, [...(ofMember.get(topic) ?? []), ...partitions]);
  };
  const members = [...subscriptions.keys()].sort();
  let turn = 0;
  for (const [topic, count] of [...partitionCounts].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const subscribed = members.filter((member) => subscriptions.get(member)?.includes(topic));
    if (subscribed.length === 0) continue;
    if (assignor !== "roundrobin") {
      for (const [member, partitions] of assignPartitions("range", subscribed, count)) give(member, topic, partitions);
      continue;
    }
    // The turn goes on from topic to topic, past the members that do not subscribe.
    for (const partition of numbers(0, count)) {
      while (!subscribed.includes(members[turn % members.length] as string)) turn++;
      give(members[turn++ % members.length] as string, topic, [partition]);
    }
  }
  return shares;
}
