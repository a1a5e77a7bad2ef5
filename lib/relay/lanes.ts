/** What has to wait for what: the records of a batch, split into lanes by the route's order. Inside a lane one goes after the other; lanes go side by side. */

import type { KafkaRecord } from "../kafka/records.js";
import type { PartitionRecords } from "../kafka-event/read.js";
import type { Order } from "./route.js";

/**
 * One lane a partition, a key (of a partition: a key does not change its partition), or a record. Records without a key stand for themselves by `key`: nothing
 * ties them together.
 */
export function toLanes(partitions: readonly PartitionRecords[], order: Order): readonly (readonly KafkaRecord[])[] {
  switch (order) {
    case "partition":
      return partitions.map(({ records }) => records).filter((records) => records.length > 0);
    case "key":
      return partitions.flatMap(({ records }) => byKey(records));
    case "none":
      return partitions.flatMap(({ records }) => records.map((record) => [record]));
  }
}

function byKey(records: readonly KafkaRecord[]): readonly (readonly KafkaRecord[])[] {
  const lanes: KafkaRecord[][] = [];
  const laneOf = new Map<string, KafkaRecord[]>();
  for (const record of records) {
    const key = record.key?.toString("latin1");
    const lane = key === undefined ? undefined : laneOf.get(key);
    if (lane !== undefined) {
      lane.push(record);
      continue;
    }
    const opened = [record];
    lanes.push(opened);
    if (key !== undefined) laneOf.set(key, opened);
  }
  return lanes;
}
