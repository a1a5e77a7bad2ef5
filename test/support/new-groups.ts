/** Members of the newer group protocols, as few words as make a broker count them: consumer (KIP-848) and share (KIP-932). */
import { randomUUID } from "node:crypto";
import { createDeadline } from "../../lib/deadline.js";
import type { Api } from "../../lib/kafka/connection.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import {
  array,
  defineApi,
  int16,
  int32,
  nullableArray,
  nullableString,
  type Reader,
  since,
  string,
  struct,
  type WireType,
} from "../../lib/kafka/protocol/wire.js";

/** The start of the answer is all that is needed of it. */
const start: WireType<{
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly memberId: string | null;
  readonly memberEpoch: number;
}> = {
  write: () => {},
  read: (from: Reader) => {
    int32.read(from);
    return {
      errorCode: int16.read(from),
      errorMessage: nullableString.read(from),
      memberId: nullableString.read(from),
      memberEpoch: int32.read(from),
    };
  },
};

const consumerHeartbeatApi = defineApi({
  name: "ConsumerGroupHeartbeat",
  key: 68,
  versions: [0, 1],
  flexibleFrom: 0,
  request: struct({
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    instanceId: nullableString,
    rackId: nullableString,
    rebalanceTimeoutMs: int32,
    topics: nullableArray(string),
    topicRegex: since(1, nullableString, null),
    assignor: nullableString,
    owned: nullableArray(struct({ topicId: string, partitions: array(int32) })),
  }),
  answer: start,
});

const shareHeartbeatApi = defineApi({
  name: "ShareGroupHeartbeat",
  key: 76,
  versions: [1, 1],
  flexibleFrom: 0,
  request: struct({ groupId: string, memberId: string, memberEpoch: int32, rackId: nullableString, topics: nullableArray(string) }),
  answer: start,
});

export interface NewMember {
  readonly memberId: string;
  /** A sign of life, with which the broker hands over what it has assigned. */
  readonly beat: () => Promise<void>;
  readonly leave: () => Promise<void>;
}

const leaving = -1;
const deadline = () => createDeadline(10_000);

/** Undefined where the broker does not speak the protocol, or has it switched off. */
export function joinConsumerGroup(kafka: Kafka, groupId: string, topic: string): Promise<NewMember | undefined> {
  const memberId = randomUUID();
  const beat = (memberEpoch: number) => ({
    groupId,
    memberId,
    memberEpoch,
    instanceId: null,
    rackId: null,
    rebalanceTimeoutMs: 30_000,
    topics: [topic],
    topicRegex: null,
    assignor: null,
    owned: memberEpoch === 0 ? [] : null,
  });
  return join(kafka, consumerHeartbeatApi, beat, groupId, memberId);
}

export function joinShareGroup(kafka: Kafka, groupId: string, topic: string): Promise<NewMember | undefined> {
  const memberId = randomUUID();
  const beat = (memberEpoch: number) => ({ groupId, memberId, memberEpoch, rackId: null, topics: [topic] });
  return join(kafka, shareHeartbeatApi, beat, groupId, memberId);
}

async function join<Args>(
  kafka: Kafka,
  api: Api<
    Args,
    { readonly errorCode: number; readonly errorMessage: string | null; readonly memberId: string | null; readonly memberEpoch: number }
  >,
  beat: (memberEpoch: number) => Args,
  groupId: string,
  memberId: string,
): Promise<NewMember | undefined> {
  const to = { coordinatorOf: groupId };
  if ((await kafka.connection.versionOf(api, to, deadline())) === undefined) return undefined;
  for (;;) {
    const answer = await kafka.connection.request(api, beat(0), to, deadline());
    const switchedOff = 35;
    if (answer.errorCode === switchedOff) return undefined;
    const passing = [14, 15, 16];
    if (passing.includes(answer.errorCode)) continue;
    if (answer.errorCode !== 0) throw new Error(`The member could not join: ${answer.errorCode} ${answer.errorMessage}`);
    let epoch = answer.memberEpoch;
    return {
      memberId: answer.memberId ?? memberId,
      beat: async () => {
        epoch = (await kafka.connection.request(api, beat(epoch), to, deadline())).memberEpoch;
      },
      leave: async () => void (await kafka.connection.request(api, beat(leaving), to, deadline())),
    };
  }
}
