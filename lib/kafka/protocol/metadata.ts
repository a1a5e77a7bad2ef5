/** The messages that find things: which versions a broker speaks, what the cluster consists of, where a group's coordinator is. */
import { array, bool, defineApi, int8, int16, int32, nullableArray, nullableString, since, string, struct } from "./wire.js";

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

/** `topics` null asks for all, an empty list for none. Version 8 tells what the caller may do (KIP-430). */
export const metadataApi = defineApi({
  name: "Metadata",
  key: 3,
  versions: [5, 8],
  request: struct({
    topics: nullableArray(string),
    allowAutoTopicCreation: bool,
    includeClusterAuthorizedOperations: since(8, bool, false),
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
    authorizedOperations: since(8, int32, -2_147_483_648),
  }),
});

/** One coordinator, as every broker since 0.11 tells it. `keyType` 0 is a group. */
export const findCoordinatorApi = defineApi({
  name: "FindCoordinator",
  key: 10,
  versions: [1, 2],
  request: struct({ key: string, keyType: int8 }),
  answer: struct({ throttleMs: int32, errorCode: int16, errorMessage: nullableString, nodeId: int32, host: string, port: int32 }),
});
