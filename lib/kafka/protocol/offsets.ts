/** The messages about offsets: where partitions begin and end, and what groups have committed. */
import {
  array,
  bool,
  defineApi,
  int8,
  int16,
  int32,
  int64,
  inVersions,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
} from "./wire.js";

/** A timestamp of -2 asks for the first offset, -1 for the end. */
export const listOffsetsApi = defineApi({
  name: "ListOffsets",
  key: 2,
  versions: [1, 6],
  flexibleFrom: 6,
  request: struct({
    replicaId: int32,
    isolationLevel: since(2, int8, 0),
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ partition: int32, currentLeaderEpoch: since(4, int32, -1), timestamp: int64 })),
      }),
    ),
  }),
  answer: struct({
    throttleMs: since(2, int32, 0),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({ partition: int32, errorCode: int16, timestamp: int64, offset: int64, leaderEpoch: since(4, int32, -1) }),
        ),
      }),
    ),
  }),
});

const committed = array(
  struct({
    name: string,
    partitions: array(
      struct({
        partition: int32,
        offset: int64,
        leaderEpoch: since(5, int32, -1),
        metadata: nullableString,
        errorCode: int16,
      }),
    ),
  }),
);
const asked = nullableArray(struct({ name: string, partitions: array(int32) }));

/** Of one group; null topics are all that it has committed. */
export const offsetFetchApi = defineApi({
  name: "OffsetFetch",
  key: 9,
  versions: [2, 5],
  request: struct({ groupId: string, topics: asked }),
  answer: struct({ throttleMs: since(3, int32, 0), topics: committed, errorCode: int16 }),
});

/** Of several groups in one request (KIP-709), from Kafka 3.0. */
export const offsetFetchGroupsApi = defineApi({
  name: "OffsetFetch",
  key: 9,
  versions: [8, 9],
  flexibleFrom: 6,
  request: struct({
    groups: array(struct({ groupId: string, memberId: since(9, nullableString, null), memberEpoch: since(9, int32, -1), topics: asked })),
    requireStable: bool,
  }),
  answer: struct({ throttleMs: int32, groups: array(struct({ groupId: string, topics: committed, errorCode: int16 })) }),
});

export const offsetCommitApi = defineApi({
  name: "OffsetCommit",
  key: 8,
  versions: [2, 7],
  request: struct({
    groupId: string,
    generation: int32,
    memberId: string,
    instanceId: since(7, nullableString, null),
    retentionMs: inVersions(2, 4, int64, -1n),
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ partition: int32, offset: int64, leaderEpoch: since(6, int32, -1), metadata: nullableString })),
      }),
    ),
  }),
  answer: struct({
    throttleMs: since(3, int32, 0),
    topics: array(struct({ name: string, partitions: array(struct({ partition: int32, errorCode: int16 })) })),
  }),
});

export const offsetDeleteApi = defineApi({
  name: "OffsetDelete",
  key: 47,
  versions: [0, 0],
  request: struct({ groupId: string, topics: array(struct({ name: string, partitions: array(struct({ partition: int32 })) })) }),
  answer: struct({
    errorCode: int16,
    throttleMs: int32,
    topics: array(struct({ name: string, partitions: array(struct({ partition: int32, errorCode: int16 })) })),
  }),
});
