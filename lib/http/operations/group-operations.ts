/** v3 consumer groups of every protocol: list, describe, delete. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import { type Group, type GroupMember, unknownGroup } from "../../kafka/admin/group.js";
import { deleteGroups, describeGroup, describeGroups, listGroups } from "../../kafka/admin/groups.js";
import { type Operations, operation } from "../operation.js";
import { groupQuery, inGroup, namedGroup } from "../rest/group-in-path.js";
import { clusterLinks, inCluster } from "../rest/in-cluster.js";
import {
  assignmentList,
  assignmentResource,
  consumerList,
  consumerResource,
  type GroupFacts,
  groupList,
  groupResource,
  toAssignment,
  toConsumer,
  toGroup,
} from "../rest/v3-groups.js";
import { numberInPath, paths, toList } from "../rest/v3-resources.js";

const inConsumer = v.object({ ...inGroup.entries, consumer: v.string() });
const inAssignment = v.object({ ...inConsumer.entries, topic: v.string(), partition: numberInPath });

function memberOf(group: Group, memberId: string): GroupMember {
  const member = group.members.find((one) => one.memberId === memberId);
  if (member !== undefined) return member;
  throw new RelayError("not-found", `Group ${JSON.stringify(group.groupId)} has no consumer ${JSON.stringify(memberId.slice(0, 300))}.`);
}

const listQuery = v.object({
  ...groupQuery.entries,
  /** Comma-separated, as the contract writes them: EMPTY,STABLE. */
  state: v.optional(v.string()),
  type: v.optional(v.string()),
});

const wanted = (list: string | undefined): ReadonlySet<string> | undefined =>
  list === undefined ? undefined : new Set(list.split(",").map((one) => one.trim().toUpperCase()));

export const groupOperations: Operations = {
  "GET /v3/clusters/{cluster_id}/consumer-groups": operation({
    may: "group:list",
    summary: "List the groups of every protocol. `state`, `type` and `group_id` narrow the list.",
    path: inCluster,
    query: listQuery,
    answers: { 200: groupList },
    run: async ({ path, query }, context) => {
      const links = await clusterLinks(context, path);
      const { groups, failed } = await listGroups(context.kafka, context.deadline);
      // A list without the groups of one broker would say that those groups do not exist.
      for (const error of failed.values()) throw error;
      const [states, types] = [wanted(query.state), wanted(query.type)];
      const listed = groups.filter(
        ({ groupId, state, type }) =>
          (query.group_id === undefined || query.group_id === groupId) && (states?.has(state) ?? true) && (types?.has(type) ?? true),
      );
      const described = await describeGroups(
        context.kafka,
        listed.map(({ groupId }) => groupId),
        context.deadline,
      );
      const data = listed.flatMap(({ groupId, type, state, coordinatorId, protocolType }) => {
        const group = described.get(groupId);
        // Groups that the caller may not describe are left out, as in the contract; a group whose protocol we cannot describe is still listed.
        if (group instanceof RelayError && group.code === "kafka-forbidden") return [];
        const facts: GroupFacts =
          group instanceof RelayError || group === undefined
            ? { groupId, type, state, coordinatorId, isSimple: protocolType === "", assignor: "", isMixed: false }
            : group;
        return [toGroup(links, facts)];
      });
      return { status: 200, body: toList("KafkaConsumerGroup", links.url("/consumer-groups"), data) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/consumer-groups/{group}": operation({
    may: "group:describe",
    summary: "Describe a group.",
    path: inGroup,
    query: groupQuery,
    answers: { 200: groupResource },
    run: async (input, context) => {
      const { links, groupId } = await namedGroup(input, context, "group:describe");
      return { status: 200, body: toGroup(links, await describeGroup(context.kafka, groupId, context.deadline)) };
    },
  }),

  "DELETE /v3/clusters/{cluster_id}/consumer-groups/{group}": operation({
    may: "group:delete",
    summary: "Delete a group and its committed offsets. The group must have no members.",
    path: inGroup,
    query: groupQuery,
    answers: { 204: null },
    run: async (input, context) => {
      const { groupId } = await namedGroup(input, context, "group:delete");
      const answers = await deleteGroups(context.kafka, [groupId], context.deadline);
      const error = answers.has(groupId) ? answers.get(groupId) : unknownGroup(groupId);
      if (error !== undefined) throw error;
      return { status: 204 };
    },
  }),

  "GET /v3/clusters/{cluster_id}/consumer-groups/{group}/consumers": operation({
    may: "group:describe",
    summary: "List the members of a group.",
    path: inGroup,
    query: groupQuery,
    answers: { 200: consumerList },
    run: async (input, context) => {
      const { links, groupId } = await namedGroup(input, context, "group:describe");
      const group = await describeGroup(context.kafka, groupId, context.deadline);
      const data = group.members.map((member) => toConsumer(links, group.groupId, member));
      return { status: 200, body: toList("KafkaConsumer", links.url(`${paths.group(group.groupId)}/consumers`), data) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/consumer-groups/{group}/consumers/{consumer}": operation({
    may: "group:describe",
    summary: "Describe a member of a group.",
    path: inConsumer,
    query: groupQuery,
    answers: { 200: consumerResource },
    run: async (input, context) => {
      const { links, groupId } = await namedGroup(input, context, "group:describe");
      const group = await describeGroup(context.kafka, groupId, context.deadline);
      return { status: 200, body: toConsumer(links, group.groupId, memberOf(group, input.path.consumer)) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/consumer-groups/{group}/consumers/{consumer}/assignments": operation({
    may: "group:describe",
    summary: "List the partitions that are assigned to a member of a group.",
    path: inConsumer,
    query: groupQuery,
    answers: { 200: assignmentList },
    run: async (input, context) => {
      const { links, groupId } = await namedGroup(input, context, "group:describe");
      const group = await describeGroup(context.kafka, groupId, context.deadline);
      const { memberId, assignments } = memberOf(group, input.path.consumer);
      const data = assignments.map((one) => toAssignment(links, group.groupId, memberId, one));
      const self = links.url(`${paths.consumer(group.groupId, memberId)}/assignments`);
      return { status: 200, body: toList("KafkaConsumerAssignment", self, data) };
    },
  }),

  "GET /v3/clusters/{cluster_id}/consumer-groups/{group}/consumers/{consumer}/assignments/{topic}/partitions/{partition}": operation({
    may: "group:describe",
    summary: "Describe a partition that is assigned to a member of a group.",
    path: inAssignment,
    query: groupQuery,
    answers: { 200: assignmentResource },
    run: async (input, context) => {
      const { path } = input;
      const { links, groupId } = await namedGroup(input, context, "group:describe");
      const group = await describeGroup(context.kafka, groupId, context.deadline);
      const { memberId, assignments } = memberOf(group, path.consumer);
      const one = assignments.find(({ topic, partition }) => topic === path.topic && partition === path.partition);
      if (one === undefined)
        throw new RelayError(
          "not-found",
          `Partition ${path.partition} of topic ${JSON.stringify(path.topic)} is not assigned to that consumer.`,
        );
      return { status: 200, body: toAssignment(links, group.groupId, memberId, one) };
    },
  }),
};
