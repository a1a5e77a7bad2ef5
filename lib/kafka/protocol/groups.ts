/** The messages about groups: listing them whatever their protocol, and what each protocol reports about its members. */
import { array, bool, bytes, defineApi, int8, int16, int32, nullableString, since, string, struct, uuid } from "./wire.js";

/** States are listed from version 4 (KIP-518), types from version 5 (KIP-848). */
export const listGroupsApi = defineApi({
  name: "ListGroups",
  key: 16,
  versions: [0, 5],
  flexibleFrom: 3,
  request: struct({ states: since(4, array(string), []), types: since(5, array(string), []) }),
  answer: struct({
    throttleMs: since(1, int32, 0),
    errorCode: int16,
    groups: array(
      struct({
        groupId: string,
        protocolType: string,
        state: since<string | null>(4, string, null),
        type: since<string | null>(5, string, null),
      }),
    ),
  }),
});

/** Groups of the classic protocol; a group that does not exist is "Dead", and from version 6 error 69. */
export const describeGroupsApi = defineApi({
  name: "DescribeGroups",
  key: 15,
  versions: [0, 6],
  flexibleFrom: 5,
  request: struct({ groups: array(string), includeAuthorizedOperations: since(3, bool, false) }),
  answer: struct({
    throttleMs: since(1, int32, 0),
    groups: array(
      struct({
        errorCode: int16,
        errorMessage: since(6, nullableString, null),
        groupId: string,
        state: string,
        protocolType: string,
        protocol: string,
        members: array(
          struct({
            memberId: string,
            instanceId: since(4, nullableString, null),
            clientId: string,
            clientHost: string,
            metadata: bytes,
            assignment: bytes,
          }),
        ),
        authorizedOperations: since(3, int32, -2147483648),
      }),
    ),
  }),
});

/** The first fields of a described group, the same for every protocol since KIP-848. */
export const groupHead = {
  errorCode: int16,
  errorMessage: nullableString,
  groupId: string,
  state: string,
  groupEpoch: int32,
  assignmentEpoch: int32,
} as const;
const groupsToDescribe = struct({ groups: array(string), includeAuthorizedOperations: bool });
const assignment = struct({ topics: array(struct({ topicId: uuid, name: string, partitions: array(int32) })) });

/** Groups of the consumer protocol (KIP-848). */
export const describeConsumerGroupsApi = defineApi({
  name: "ConsumerGroupDescribe",
  key: 69,
  versions: [0, 1],
  flexibleFrom: 0,
  request: groupsToDescribe,
  answer: struct({
    throttleMs: int32,
    groups: array(
      struct({
        ...groupHead,
        assignor: string,
        members: array(
          struct({
            memberId: string,
            instanceId: nullableString,
            rackId: nullableString,
            memberEpoch: int32,
            clientId: string,
            clientHost: string,
            subscribedTopics: array(string),
            subscribedRegex: nullableString,
            assignment,
            targetAssignment: assignment,
            memberType: since(1, int8, -1),
          }),
        ),
        authorizedOperations: int32,
      }),
    ),
  }),
});

/** Share groups (KIP-932). Version 0 was an early access preview. */
export const describeShareGroupsApi = defineApi({
  name: "ShareGroupDescribe",
  key: 77,
  versions: [1, 1],
  flexibleFrom: 0,
  request: groupsToDescribe,
  answer: struct({
    throttleMs: int32,
    groups: array(
      struct({
        ...groupHead,
        assignor: string,
        members: array(
          struct({
            memberId: string,
            rackId: nullableString,
            memberEpoch: int32,
            clientId: string,
            clientHost: string,
            subscribedTopics: array(string),
            assignment,
          }),
        ),
        authorizedOperations: int32,
      }),
    ),
  }),
});

export const deleteGroupsApi = defineApi({
  name: "DeleteGroups",
  key: 42,
  versions: [0, 2],
  flexibleFrom: 2,
  request: struct({ groups: array(string) }),
  answer: struct({ throttleMs: int32, groups: array(struct({ groupId: string, errorCode: int16 })) }),
});

/** Several coordinators in one request (KIP-699), from Kafka 3.0. */
export const findCoordinatorsApi = defineApi({
  name: "FindCoordinator",
  key: 10,
  versions: [4, 5],
  flexibleFrom: 3,
  request: struct({ keyType: int8, keys: array(string) }),
  answer: struct({
    throttleMs: int32,
    coordinators: array(struct({ key: string, nodeId: int32, host: string, port: int32, errorCode: int16, errorMessage: nullableString })),
  }),
});
