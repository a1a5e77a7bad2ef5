/** The message that describes Streams groups: their topology, their tasks and their members. */
import { groupHead } from "./groups.js";
import {
  array,
  bool,
  defineApi,
  int8,
  int16,
  int32,
  int64,
  nullable,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
} from "./wire.js";

const keyValues = array(struct({ key: string, value: string }));
const topicsWithSettings = array(struct({ name: string, partitions: int32, replicationFactor: int16, configs: keyValues }));
const tasks = array(struct({ subtopologyId: string, partitions: array(int32) }));
const taskOffsets = array(struct({ subtopologyId: string, partition: int32, offset: int64 }));
const assignedTasks = struct({ activeTasks: tasks, standbyTasks: tasks, warmupTasks: tasks });
const topologyNode = struct({
  name: string,
  nodeType: int8,
  sourceTopics: array(string),
  sinkTopic: nullableString,
  stores: array(string),
  successors: array(string),
});
const topologyDescription = struct({
  subtopologies: array(struct({ subtopologyId: string, nodes: array(topologyNode) })),
  globalStores: array(struct({ source: topologyNode, processor: topologyNode })),
});

/** Streams groups (KIP-1071). Version 1 has the assignor, and what the topology is where it is asked for (KIP-1331). */
export const describeStreamsGroupsApi = defineApi({
  name: "StreamsGroupDescribe",
  key: 89,
  versions: [0, 1],
  flexibleFrom: 0,
  request: struct({
    groups: array(string),
    includeAuthorizedOperations: bool,
    includeTopologyDescription: since(1, bool, false),
  }),
  answer: struct({
    throttleMs: int32,
    groups: array(
      struct({
        ...groupHead,
        topology: nullable(
          struct({
            epoch: int32,
            subtopologies: nullableArray(
              struct({
                subtopologyId: string,
                sourceTopics: array(string),
                repartitionSinkTopics: array(string),
                stateChangelogTopics: topicsWithSettings,
                repartitionSourceTopics: topicsWithSettings,
              }),
            ),
          }),
        ),
        members: array(
          struct({
            memberId: string,
            memberEpoch: int32,
            instanceId: nullableString,
            rackId: nullableString,
            clientId: string,
            clientHost: string,
            topologyEpoch: int32,
            processId: string,
            userEndpoint: nullable(struct({ host: string, port: int16 })),
            clientTags: keyValues,
            taskOffsets,
            taskEndOffsets: taskOffsets,
            assignment: assignedTasks,
            targetAssignment: assignedTasks,
            isClassic: bool,
          }),
        ),
        authorizedOperations: int32,
        topologyDescription: since<unknown>(1, nullable(topologyDescription), null),
        topologyDescriptionStatus: since(1, int8, 0),
        assignor: since<string | null>(1, nullableString, null),
      }),
    ),
  }),
});
