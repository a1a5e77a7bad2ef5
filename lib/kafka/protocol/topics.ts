/** The messages about topics: create, delete, add partitions, delete records, and where partitions live. */
import { array, bool, defineApi, int8, int16, int32, int64, nullableArray, nullableString, since, string, struct } from "./wire.js";

const brokerIds = array(int32);

/** From version 5 the answer has counts and configs (KIP-525). */
export const createTopicsApi = defineApi({
  name: "CreateTopics",
  key: 19,
  mayTakeLong: true,
  versions: [2, 6],
  flexibleFrom: 5,
  request: struct({
    topics: array(
      struct({
        name: string,
        partitionsCount: int32,
        replicationFactor: int16,
        assignments: array(struct({ partition: int32, brokerIds })),
        configs: array(struct({ name: string, value: nullableString })),
      }),
    ),
    timeoutMs: int32,
    validateOnly: bool,
  }),
  answer: struct({
    throttleMs: int32,
    topics: array(
      struct({
        name: string,
        errorCode: int16,
        errorMessage: nullableString,
        partitionsCount: since(5, int32, -1),
        replicationFactor: since(5, int16, -1),
        configs: since(
          5,
          nullableArray(struct({ name: string, value: nullableString, isReadOnly: bool, source: int8, isSensitive: bool })),
          null,
        ),
      }),
    ),
  }),
});

export const deleteTopicsApi = defineApi({
  name: "DeleteTopics",
  key: 20,
  mayTakeLong: true,
  versions: [1, 5],
  flexibleFrom: 4,
  request: struct({ topics: array(string), timeoutMs: int32 }),
  answer: struct({
    throttleMs: int32,
    topics: array(struct({ name: string, errorCode: int16, errorMessage: since(5, nullableString, null) })),
  }),
});

export const createPartitionsApi = defineApi({
  name: "CreatePartitions",
  key: 37,
  mayTakeLong: true,
  versions: [0, 2],
  flexibleFrom: 2,
  request: struct({
    topics: array(struct({ name: string, count: int32, assignments: nullableArray(struct({ brokerIds })) })),
    timeoutMs: int32,
    validateOnly: bool,
  }),
  answer: struct({
    throttleMs: int32,
    topics: array(struct({ name: string, errorCode: int16, errorMessage: nullableString })),
  }),
});

export const deleteRecordsApi = defineApi({
  name: "DeleteRecords",
  key: 21,
  mayTakeLong: true,
  versions: [0, 2],
  flexibleFrom: 2,
  request: struct({
    topics: array(struct({ name: string, partitions: array(struct({ partition: int32, beforeOffset: int64 })) })),
    timeoutMs: int32,
  }),
  answer: struct({
    throttleMs: int32,
    topics: array(struct({ name: string, partitions: array(struct({ partition: int32, lowWatermark: int64, errorCode: int16 })) })),
  }),
});

/** Election type 0 is the preferred leader, 1 an unclean one; null partitions are all of the cluster. */
export const electLeadersApi = defineApi({
  name: "ElectLeaders",
  key: 43,
  mayTakeLong: true,
  versions: [0, 2],
  flexibleFrom: 2,
  request: struct({
    electionType: since(1, int8, 0),
    topics: nullableArray(struct({ name: string, partitions: array(int32) })),
    timeoutMs: int32,
  }),
  answer: struct({
    throttleMs: int32,
    errorCode: since(1, int16, 0),
    topics: array(
      struct({ name: string, partitions: array(struct({ partition: int32, errorCode: int16, errorMessage: nullableString })) }),
    ),
  }),
});

/** Null replicas cancel what is under way. */
export const alterReassignmentsApi = defineApi({
  name: "AlterPartitionReassignments",
  key: 45,
  mayTakeLong: true,
  versions: [0, 0],
  flexibleFrom: 0,
  request: struct({
    timeoutMs: int32,
    topics: array(struct({ name: string, partitions: array(struct({ partition: int32, replicas: nullableArray(int32) })) })),
  }),
  answer: struct({
    throttleMs: int32,
    errorCode: int16,
    errorMessage: nullableString,
    topics: array(
      struct({ name: string, partitions: array(struct({ partition: int32, errorCode: int16, errorMessage: nullableString })) }),
    ),
  }),
});

export const listReassignmentsApi = defineApi({
  name: "ListPartitionReassignments",
  key: 46,
  versions: [0, 0],
  flexibleFrom: 0,
  request: struct({ timeoutMs: int32, topics: nullableArray(struct({ name: string, partitions: array(int32) })) }),
  answer: struct({
    throttleMs: int32,
    errorCode: int16,
    errorMessage: nullableString,
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ partition: int32, replicas: brokerIds, adding: brokerIds, removing: brokerIds })),
      }),
    ),
  }),
});

/** How much of a broker's disks each partition takes. */
export const describeLogDirsApi = defineApi({
  name: "DescribeLogDirs",
  key: 35,
  versions: [1, 4],
  flexibleFrom: 2,
  request: struct({ topics: nullableArray(struct({ name: string, partitions: array(int32) })) }),
  answer: struct({
    throttleMs: int32,
    errorCode: since(3, int16, 0),
    folders: array(
      struct({
        errorCode: int16,
        path: string,
        topics: array(
          struct({
            name: string,
            partitions: array(struct({ partition: int32, bytes: int64, behind: int64, isFuture: bool })),
          }),
        ),
        totalBytes: since(4, int64, -1n),
        usableBytes: since(4, int64, -1n),
      }),
    ),
  }),
});
