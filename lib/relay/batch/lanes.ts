/** What has to wait for what: the entries of a batch, split into lanes by the route's order. Inside a lane one goes after the other; lanes go side by side. */

import type { Order } from "../route.js";
import type { Entry } from "./entry.js";

/**
 * One lane a partition, a key (of a partition: a key does not change its partition), or a record. Records without a key stand for themselves by `key`: nothing
 * ties them together.
 */
export function toLanes(partitions: readonly (readonly Entry[])[], order: Order): readonly (readonly Entry[])[] {
  switch (order) {
    case "partition":
      return partitions.filter((entries) => entries.length > 0);
    case "key":
      return partitions.flatMap(byKey);
    case "none":
      return partitions.flatMap((entries) => entries.map((entry) => [entry]));
  }
}

function byKey(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const lanes: Entry[][] = [];
  const laneOf = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = entry.arrived.key?.toString("latin1");
    const lane = key === undefined ? undefined : laneOf.get(key);
    if (lane !== undefined) {
      lane.push(entry);
      continue;
    }
    const opened = [entry];
    lanes.push(opened);
    if (key !== undefined) laneOf.set(key, opened);
  }
  return lanes;
}
