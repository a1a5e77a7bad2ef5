/** How a group's members share the partitions of one topic, the way the Java client's assignors do: every leader of whatever client comes to the same result. */

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
