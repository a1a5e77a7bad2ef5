/** Members of the newer group protocols, as few words as make a broker count them: consumer (KIP-848), share (KIP-932) and streams (KIP-1071). */
import { randomUUID } from "node:crypto";
import { createDeadline } from "../../../lib/deadline.js";
import type { Api } from "../../../lib/kafka/connection.js";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import { findCoordinatorApi } from "../../../lib/kafka/protocol/metadata.js";
import {
  array,
  bool,
  defineApi,
  int16,
  int32,
  nullable,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
  type WireType,
} from "../../../lib/kafka/protocol/wire.js";
import type { MessageReader } from "../../../lib/kafka/protocol/wire-bytes.js";
import { until } from "./kafka.js";

/** The start of the answer is all that is needed of it. */
const start: WireType<{
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly memberId: string | null;
  readonly memberEpoch: number;
}> = {
  write: () => {},
  read: (from: MessageReader) => {
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

const nothing = nullableArray(int32);
const subtopology = struct({
  subtopologyId: string,
  sourceTopics: array(string),
  sourceTopicRegex: array(string),
  stateChangelogTopics: nothing,
  repartitionSinkTopics: array(string),
  repartitionSourceTopics: nothing,
  copartitionGroups: nothing,
});

const streamsHeartbeatApi = defineApi({
  name: "StreamsGroupHeartbeat",
  key: 88,
  versions: [0, 0],
  flexibleFrom: 0,
  request: struct({
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    endpointInformationEpoch: int32,
    instanceId: nullableString,
    rackId: nullableString,
    rebalanceTimeoutMs: int32,
    topology: nullable(struct({ epoch: int32, subtopologies: array(subtopology) })),
    activeTasks: nothing,
    standbyTasks: nothing,
    warmupTasks: nothing,
    processId: nullableString,
    userEndpoint: nullable(struct({})),
    clientTags: nothing,
    taskOffsets: nothing,
    taskEndOffsets: nothing,
    shutdownApplication: bool,
  }),
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
export function joinConsumerGroup(
  kafka: Kafka,
  groupId: string,
  topic: string,
  instanceId: string | null = null,
): Promise<NewMember | undefined> {
  const memberId = randomUUID();
  const beat = (memberEpoch: number) => ({
    groupId,
    memberId,
    memberEpoch,
    instanceId,
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

/** With a topology of one part, which reads the topic. */
export function joinStreamsGroup(kafka: Kafka, groupId: string, topic: string): Promise<NewMember | undefined> {
  const memberId = randomUUID();
  const reading = {
    subtopologyId: "0",
    sourceTopics: [topic],
    sourceTopicRegex: [],
    stateChangelogTopics: [],
    repartitionSinkTopics: [],
    repartitionSourceTopics: [],
    copartitionGroups: [],
  };
  const beat = (memberEpoch: number) => {
    const isFirst = memberEpoch === 0;
    return {
      groupId,
      memberId,
      memberEpoch,
      endpointInformationEpoch: -1,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: isFirst ? 30_000 : -1,
      topology: isFirst ? { epoch: 0, subtopologies: [reading] } : null,
      activeTasks: isFirst ? [] : null,
      standbyTasks: isFirst ? [] : null,
      warmupTasks: isFirst ? [] : null,
      processId: isFirst ? memberId : null,
      userEndpoint: null,
      clientTags: isFirst ? [] : null,
      taskOffsets: null,
      taskEndOffsets: null,
      shutdownApplication: false,
    };
  };
  return join(kafka, streamsHeartbeatApi, beat, groupId, memberId);
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
  await until(() => hasCoordinator(kafka, groupId));
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

/** A new cluster has none until its first group has made it create the topic for offsets. */
async function hasCoordinator(kafka: Kafka, groupId: string): Promise<boolean> {
  const answer = await kafka.connection.request(findCoordinatorApi, { key: groupId, keyType: 0 }, "any", deadline());
  return answer.errorCode === 0;
}
