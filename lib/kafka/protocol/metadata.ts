/** The messages that find things: which versions a broker speaks, what the cluster consists of, where a group's coordinator is. */
import {
  array,
  bool,
  defineApi,
  int8,
  int16,
  int32,
  inVersions,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
  uuid,
  type WireType,
} from "./wire.js";

export const apiVersionsApi = defineApi({
  name: "ApiVersions",
  key: 18,
  versions: [0, 2],
  request: struct({}),
  answer: struct({
    errorCode: int16,
    apis: array(struct({ key: int16, min: int16, max: int16 })),
    throttleMs: since(1, int32, 0),
  }),
});

/** The id of no topic: what brokers before 2.8 have, and who asks by name says. */
export const noTopicId = "00000000000000000000000000000000";

const topicAsked = struct({ topicId: since(10, uuid, noTopicId), name: nullableString });
/** Topics are asked for by name; from version 10 on their ids could be given as well. */
const topicByName: WireType<string> = {
  write: (out, name) => topicAsked.write(out, { topicId: noTopicId, name }),
  read: (from) => topicAsked.read(from).name ?? "",
};

/** `topics` null asks for all, an empty list for none. Version 8 reports what the caller may do (KIP-430), version 10 the ids of topics (KIP-516). */
export const metadataApi = defineApi({
  name: "Metadata",
  key: 3,
  versions: [5, 12],
  flexibleFrom: 9,
  request: struct({
    topics: nullableArray(topicByName),
    allowAutoTopicCreation: bool,
    includeClusterAuthorizedOperations: inVersions(8, 10, bool, false),
    includeTopicAuthorizedOperations: since(8, bool, false),
  }),
  answer: struct({
    throttleMs: int32,
    brokers: array(struct({ nodeId: int32, host: string, port: int32, rack: nullableString })),
    clusterId: nullableString,
    controllerId: int32,
    topics: array(
      struct({
        errorCode: int16,
        name: string,
        topicId: since(10, uuid, noTopicId),
        isInternal: bool,
        partitions: array(
          struct({
            errorCode: int16,
            partition: int32,
            leader: int32,
            leaderEpoch: since(7, int32, -1),
            replicas: array(int32),
            isr: array(int32),
            offlineReplicas: array(int32),
          }),
        ),
        authorizedOperations: since(8, int32, -2_147_483_648),
      }),
    ),
    authorizedOperations: inVersions(8, 10, int32, -2_147_483_648),
  }),
});

/** The request that asks for brokers and the controller, and for no topic. */
export const brokersAlone = {
  topics: [],
  allowAutoTopicCreation: false,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
} as const;

/** One coordinator, as every broker since 0.11 reports it. `keyType` 0 is a group. */
export const findCoordinatorApi = defineApi({
  name: "FindCoordinator",
  key: 10,
  versions: [1, 2],
  request: struct({ key: string, keyType: int8 }),
  answer: struct({ throttleMs: int32, errorCode: int16, errorMessage: nullableString, nodeId: int32, host: string, port: int32 }),
});
