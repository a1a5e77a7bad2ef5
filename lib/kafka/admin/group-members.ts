/** What a classic group's member says of itself: subscriptions and assignments in the bytes of the embedded consumer protocol. */

export interface AssignedPartition {
  readonly topic: string;
  readonly partition: number;
}

/**
 * The partitions of a member's assignment (https://kafka.apache.org/protocol, "ConsumerProtocolAssignment"). Empty where the bytes are none: members of
 * other protocols (Connect, schema registries) put their own there.
 */
export function parseAssignment(bytes: Buffer): readonly AssignedPartition[] {
  const assigned: AssignedPartition[] = [];
  try {
    let at = 2; // the version: what follows has not changed since version 0
    const int32 = () => {
      at += 4;
      return bytes.readInt32BE(at - 4);
    };
    for (let topics = int32(); topics > 0; topics--) {
      const length = bytes.readInt16BE(at);
      const topic = bytes.toString("utf8", at + 2, at + 2 + length);
      at += 2 + length;
      for (let partitions = int32(); partitions > 0; partitions--) assigned.push({ topic, partition: int32() });
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [];
  }
  return assigned;
}

export const byTopicAndPartition = (one: AssignedPartition, other: AssignedPartition): number =>
  one.topic === other.topic ? one.partition - other.partition : one.topic < other.topic ? -1 : 1;
