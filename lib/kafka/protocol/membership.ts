/** The messages of the classic group protocol (https://cwiki.apache.org/confluence/display/KAFKA/Kafka+Client-side+Assignment+Proposal), and what consumers say in them. */
import { array, bytes, defineApi, int16, int32, nullableString, since, string, struct, type WireType } from "./wire.js";
import { MessageReader, MessageWriter } from "./wire-bytes.js";

export const joinGroupApi = defineApi({
  name: "JoinGroup",
  key: 11,
  versions: [2, 5],
  request: struct({
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: int32,
    memberId: string,
    instanceId: since(5, nullableString, null),
    protocolType: string,
    protocols: array(struct({ name: string, metadata: bytes })),
  }),
  answer: struct({
    throttleMs: int32,
    errorCode: int16,
    generation: int32,
    protocolName: string,
    leaderId: string,
    memberId: string,
    members: array(struct({ memberId: string, instanceId: since(5, nullableString, null), metadata: bytes })),
  }),
});

export const syncGroupApi = defineApi({
  name: "SyncGroup",
  key: 14,
  versions: [1, 3],
  request: struct({
    groupId: string,
    generation: int32,
    memberId: string,
    instanceId: since(3, nullableString, null),
    assignments: array(struct({ memberId: string, assignment: bytes })),
  }),
  answer: struct({ throttleMs: int32, errorCode: int16, assignment: bytes }),
});

export const heartbeatApi = defineApi({
  name: "Heartbeat",
  key: 12,
  versions: [1, 3],
  request: struct({ groupId: string, generation: int32, memberId: string, instanceId: since(3, nullableString, null) }),
  answer: struct({ throttleMs: int32, errorCode: int16 }),
});

export const leaveGroupApi = defineApi({
  name: "LeaveGroup",
  key: 13,
  versions: [1, 2],
  request: struct({ groupId: string, memberId: string }),
  answer: struct({ throttleMs: int32, errorCode: int16 }),
});

const subscription = struct({ version: int16, topics: array(string), userData: bytes });
const assignment = struct({
  version: int16,
  topics: array(struct({ topic: string, partitions: array(int32) })),
});

/** What a consumer of these topics says when it joins; version 0, which every assignor of every client reads. */
export function encodeSubscription(topics: readonly string[]): Buffer {
  return encode(subscription, { version: 0, topics, userData: Buffer.alloc(0) });
}

/** The topics that a member subscribes to; none where it says something else. */
export function decodeSubscription(metadata: Buffer): readonly string[] {
  return metadata.length === 0 ? [] : subscription.read(new MessageReader(0, false, metadata)).topics;
}

const noUserData = Buffer.from([0xff, 0xff, 0xff, 0xff]);

export function encodeAssignment(byTopic: ReadonlyMap<string, readonly number[]>): Buffer {
  const topics = [...byTopic].flatMap(([topic, partitions]) => (partitions.length === 0 ? [] : [{ topic, partitions }]));
  return Buffer.concat([encode(assignment, { version: 0, topics }), noUserData]);
}

/** A member's partitions by topic, in ascending order. */
export function decodeAssignment(bytesOfAssignment: Buffer): ReadonlyMap<string, readonly number[]> {
  const byTopic = new Map<string, readonly number[]>();
  if (bytesOfAssignment.length === 0) return byTopic;
  for (const { topic, partitions } of assignment.read(new MessageReader(0, false, bytesOfAssignment)).topics) {
    byTopic.set(
      topic,
      [...(byTopic.get(topic) ?? []), ...partitions].sort((one, other) => one - other),
    );
  }
  return byTopic;
}

function encode<T>(type: WireType<T>, value: T): Buffer {
  const out = new MessageWriter(0, false);
  type.write(out, value);
  return out.finish();
}
