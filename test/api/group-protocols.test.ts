/** Groups of the newer protocols (KIP-848 consumer groups, KIP-932 share groups, KIP-1071 streams groups) beside classic ones: listed with their type, described, never a 500. */
import { afterAll, beforeAll, expect, type TestContext, test } from "vitest";
import { type AdminApi, createAdminApi } from "../support/api/admin-api.js";
import { until } from "../support/broker/kafka.js";
import { joinConsumerGroup, joinShareGroup, joinStreamsGroup, type NewMember } from "../support/broker/new-groups.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { didNotRun } from "../support/run/did-not-run.js";

let api: AdminApi;
beforeAll(async () => {
  api = await createAdminApi();
});
afterAll(() => api.close());

function needs(member: NewMember | undefined, protocol: string, context: TestContext): asserts member is NewMember {
  if (member !== undefined) return;
  didNotRun(`${protocol} groups (1 test)`, "the broker does not speak their protocol, or has it switched off");
  context.skip();
}

const listed = async (groupId: string) => (await api.v3(`GET /consumer-groups?group_id=${groupId}`)).json.data;

test("a consumer group of the newer protocol is described with its members and what they read", async (context) => {
  const [topic, groupId] = [await api.topic({ partitions: 2 }), uniqueName("new-group")];
  const member = await joinConsumerGroup(api.kafka, groupId, topic, "static-1");
  needs(member, "consumer", context);
  await until(async () => {
    await member.beat();
    return (await api.v3(`GET /consumer-groups/${groupId}/consumers/${member.memberId}/assignments`)).json.data?.length === 2;
  });

  const group = (await api.v3(`GET /consumer-groups/${groupId}`)).json;
  const consumers = (await api.v3(`GET /consumer-groups/${groupId}/consumers`)).json.data;
  const refused = await api.v3(`DELETE /consumer-groups/${groupId}`);
  const moved = await api.v3(`POST /consumer-groups/${groupId}/offsets:reset`, { body: { to: "earliest", topic_name: topic } });
  const inList = await listed(groupId);
  await member.leave();
  const afterwards = (await api.v3(`GET /consumer-groups/${groupId}`)).json;
  const reset = await api.v3(`POST /consumer-groups/${groupId}/offsets:reset`, { body: { to: "latest", topic_name: topic } });
  const lags = await api.v3(`GET /consumer-groups/${groupId}/lags`);
  const deleted = await api.v3(`DELETE /consumer-groups/${groupId}`);

  expect(group).toMatchObject({ type: "CONSUMER", is_simple: false, is_mixed_consumer_group: false, partition_assignor: "uniform" });
  expect(inList).toEqual([group]);
  expect(consumers).toMatchObject([{ consumer_id: member.memberId, instance_id: "static-1" }]);
  expect([refused.status, moved.status]).toEqual([409, 409]);
  expect(afterwards.state).toBe("EMPTY");
  expect([reset.status, lags.json.data.length, deleted.status]).toEqual([200, 2, 204]);
});

test("a share group is listed and described with its type, and its offsets are not ours to move", async (context) => {
  const [topic, groupId] = [await api.topic(), uniqueName("share-group")];
  const member = await joinShareGroup(api.kafka, groupId, topic);
  needs(member, "share", context);

  const group = await api.v3(`GET /consumer-groups/${groupId}`);
  const consumers = await api.v3(`GET /consumer-groups/${groupId}/consumers`);
  const reset = await api.v3(`POST /consumer-groups/${groupId}/offsets:reset`, { body: { to: "earliest", topic_name: topic } });
  const lags = await api.v3(`GET /consumer-groups/${groupId}/lags`);
  const inList = await listed(groupId);
  await member.leave();
  const deleted = await api.v3(`DELETE /consumer-groups/${groupId}`);

  expect([group.status, group.json.type]).toEqual([200, "SHARE"]);
  expect(inList.map(({ type }: { type: string }) => type)).toEqual(["SHARE"]);
  expect(consumers.json.data).toHaveLength(1);
  expect([reset.status, lags.status, deleted.status]).toEqual([409, 404, 204]);
});

test("a streams group is listed and described with its members and what they read", async (context) => {
  const [topic, groupId] = [await api.topic({ partitions: 2 }), uniqueName("streams-group")];
  const member = await joinStreamsGroup(api.kafka, groupId, topic);
  needs(member, "streams", context);
  await until(async () => {
    await member.beat();
    return (await api.v3(`GET /consumer-groups/${groupId}/consumers/${member.memberId}/assignments`)).json.data?.length === 2;
  });

  const group = await api.v3(`GET /consumer-groups/${groupId}`);
  const inList = await listed(groupId);
  const moved = await api.v3(`POST /consumer-groups/${groupId}/offsets:reset`, { body: { to: "earliest", topic_name: topic } });
  await member.leave();
  const reset = await api.v3(`POST /consumer-groups/${groupId}/offsets:reset`, { body: { to: "earliest", topic_name: topic } });
  const lags = await api.v3(`GET /consumer-groups/${groupId}/lags`);
  const deleted = await api.v3(`DELETE /consumer-groups/${groupId}`);

  expect(group.json).toMatchObject({ type: "STREAMS", is_simple: false, is_mixed_consumer_group: false });
  expect(inList).toEqual([group.json]);
  expect([moved.status, reset.status, lags.json.data.length, deleted.status]).toEqual([409, 200, 2, 204]);
});
