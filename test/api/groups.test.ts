/** Consumer groups by the v3 contract, and what no other proxy does: deleting them and moving their offsets. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AdminApi, createAdminApi, writeRecords } from "../support/api/admin-api.js";
import { uniqueName } from "../support/broker/unique-names.js";

let api: AdminApi;
beforeAll(async () => {
  api = await createAdminApi();
});
afterAll(() => api.close());

const addressOf = (group: string) => `https://api.example.com/v3/clusters/${api.clusterId}/consumer-groups/${encodeURIComponent(group)}`;

/** A topic of two partitions with 5 and 3 records, and a group that has committed 2 and 3. */
async function laggingGroup(groupId = uniqueName("group")): Promise<{ readonly groupId: string; readonly topic: string }> {
  const topic = await api.topic({ partitions: 2 });
  await writeRecords(topic, 0, [1, 2, 3, 4, 5]);
  await writeRecords(topic, 1, [1, 2, 3]);
  await api.idleGroup(groupId, topic, [2n, 3n]);
  return { groupId, topic };
}

test("a group without members tells its state, type and coordinator", async () => {
  const { groupId } = await laggingGroup();
  const self = addressOf(groupId);

  const { json, status } = await api.v3(`GET /consumer-groups/${groupId}`);

  expect(status).toBe(200);
  expect(json).toEqual({
    kind: "KafkaConsumerGroup",
    metadata: { self, resource_name: `crn:///kafka=${api.clusterId}/consumer-group=${groupId}` },
    cluster_id: api.clusterId,
    consumer_group_id: groupId,
    is_simple: true,
    partition_assignor: "",
    state: "EMPTY",
    type: "CLASSIC",
    is_mixed_consumer_group: false,
    coordinator: { related: expect.stringMatching(/\/brokers\/\d+$/) },
    consumers: { related: `${self}/consumers` },
    lag_summary: { related: `${self}/lag-summary` },
  });
});

test("groups are listed, by state and type on demand", async () => {
  const { groupId } = await laggingGroup();
  const ids = async (query: string) =>
    (await api.v3(`GET /consumer-groups${query}`)).json.data.map(
      ({ consumer_group_id }: { consumer_group_id: string }) => consumer_group_id,
    );

  expect(await ids("")).toContain(groupId);
  expect(await ids("?state=empty&type=classic")).toContain(groupId);
  expect(await ids("?state=STABLE")).not.toContain(groupId);
  expect(await ids("?type=share")).not.toContain(groupId);
  expect(await ids(`?group_id=${groupId}`)).toEqual([groupId]);
});

test("lag is returned for each partition, and in total", async () => {
  const { groupId, topic } = await laggingGroup();

  const lags = await api.v3(`GET /consumer-groups/${groupId}/lags`);
  const one = await api.v3(`GET /consumer-groups/${groupId}/lags/${topic}/partitions/0`);
  const summary = await api.v3(`GET /consumer-groups/${groupId}/lag-summary`);
  const all = await api.v3("GET /lag-summaries");

  expect(
    lags.json.data.map(({ partition_id, current_offset, log_end_offset, lag }: Record<string, number>) => [
      partition_id,
      current_offset,
      log_end_offset,
      lag,
    ]),
  ).toEqual([
    [0, 2, 5, 3],
    [1, 3, 3, 0],
  ]);
  expect(one.json).toMatchObject({
    kind: "KafkaConsumerLag",
    metadata: {
      self: `${addressOf(groupId)}/lags/${topic}/partitions/0`,
      resource_name: `crn:///kafka=${api.clusterId}/consumer-group=${groupId}/lag=${topic}/partition=0`,
    },
    consumer_id: "",
    instance_id: null,
    client_id: "",
  });
  expect(summary.json).toMatchObject({
    kind: "KafkaConsumerGroupLagSummary",
    max_lag: 3,
    total_lag: 3,
    max_lag_topic_name: topic,
    max_lag_partition_id: 0,
    max_lag_consumer_id: "",
    max_lag_consumer: { related: `${addressOf(groupId)}/consumers/` },
  });
  expect(all.json.data.find((group: { consumer_group_id: string }) => group.consumer_group_id === groupId)).toEqual(summary.json);
});

test("a group with members tells who reads what", async () => {
  const topic = await api.topic({ partitions: 2 });
  const groupId = uniqueName("group");
  const { memberId, leave } = await api.activeGroup(groupId, topic);
  await api.v3(`GET /consumer-groups/${groupId}`);

  const group = (await api.v3(`GET /consumer-groups/${groupId}`)).json;
  const consumers = (await api.v3(`GET /consumer-groups/${groupId}/consumers`)).json;
  const consumer = (await api.v3(`GET /consumer-groups/${groupId}/consumers/${memberId}`)).json;
  const assignments = (await api.v3(`GET /consumer-groups/${groupId}/consumers/${memberId}/assignments`)).json;
  const assignment = (await api.v3(`GET /consumer-groups/${groupId}/consumers/${memberId}/assignments/${topic}/partitions/1`)).json;
  const [unknownConsumer, unknownAssignment, noLag] = await Promise.all([
    api.v3(`GET /consumer-groups/${groupId}/consumers/nobody`),
    api.v3(`GET /consumer-groups/${groupId}/consumers/${memberId}/assignments/${topic}/partitions/9`),
    api.v3(`GET /consumer-groups/${groupId}/lags`),
  ]);
  const refusals = await Promise.all([
    api.v3(`DELETE /consumer-groups/${groupId}`),
    api.v3(`POST /consumer-groups/${groupId}/offsets:reset`, { body: { to: "earliest", topic_name: topic } }),
  ]);
  const dryRun = await api.v3(`POST /consumer-groups/${groupId}/offsets:reset`, {
    body: { to: "earliest", topic_name: topic, validate_only: true },
  });
  await leave();

  expect(group).toMatchObject({ state: "STABLE", type: "CLASSIC", is_simple: false, partition_assignor: "RoundRobinAssigner" });
  expect(consumers.data).toEqual([consumer]);
  expect(consumer).toMatchObject({
    kind: "KafkaConsumer",
    consumer_id: memberId,
    instance_id: null,
    client_id: "test-member",
    assignments: { related: `${addressOf(groupId)}/consumers/${encodeURIComponent(memberId)}/assignments` },
  });
  expect(
    assignments.data.map(({ topic_name, partition_id }: { topic_name: string; partition_id: number }) => [topic_name, partition_id]),
  ).toEqual([
    [topic, 0],
    [topic, 1],
  ]);
  expect(assignment).toEqual(assignments.data[1]);
  expect(assignment.metadata.resource_name).toBe(
    `crn:///kafka=${api.clusterId}/consumer-group=${groupId}/consumer=${memberId}/assignment=${topic}/partition=1`,
  );
  expect([unknownConsumer.status, unknownAssignment.status, noLag.status]).toEqual([404, 404, 404]);
  expect(refusals.map(({ status, json }) => [status, json.error_code])).toEqual([
    [409, 409],
    [409, 409],
  ]);
  expect([dryRun.status, dryRun.json.data.length]).toEqual([200, 2]);
});

test("a group without members is deleted, and is unknown then", async () => {
  const { groupId } = await laggingGroup();

  const deleted = await api.v3(`DELETE /consumer-groups/${groupId}`);

  expect([deleted.status, deleted.text]).toEqual([204, ""]);
  expect((await api.v3(`GET /consumer-groups/${groupId}`)).status).toBe(404);
  expect((await api.v3(`DELETE /consumer-groups/${groupId}`)).status).toBe(404);
});

test.each([
  ["GET", ""],
  ["DELETE", ""],
  ["GET", "/consumers"],
  ["GET", "/consumers/c"],
  ["GET", "/consumers/c/assignments"],
  ["GET", "/lags"],
  ["GET", "/lags/t/partitions/0"],
  ["GET", "/lag-summary"],
  ["GET", "/offsets"],
  ["DELETE", "/offsets/t"],
])("an unknown group is 404: %s /consumer-groups/{group}%s", async (method, path) => {
  const answer = await api.v3(`${method} /consumer-groups/no-such-group${path}`);

  expect([answer.status, answer.json.error_code]).toEqual([404, 404]);
});

test.each(["team a/billing", "größe", "名前", "a+b c%d", "-", "x?y#z"])(
  "a group may be called %j: percent-encoded, or beside the path",
  async (name) => {
    const groupId = `${name} ${uniqueName("g")}`;
    await laggingGroup(groupId);
    const inPath = encodeURIComponent(groupId);

    const byPath = await api.v3(`GET /consumer-groups/${inPath}`);
    const byQuery = await api.v3(`GET /consumer-groups/-?group_id=${inPath}`);
    const lags = await api.v3(`GET /consumer-groups/-/lags?group_id=${inPath}`);
    const deleted = await api.v3(`DELETE /consumer-groups/-?group_id=${inPath}`);

    expect(byPath.json.consumer_group_id).toBe(groupId);
    expect(byPath.json.metadata.self).toBe(addressOf(groupId));
    expect(byQuery.json).toEqual(byPath.json);
    expect([lags.status, lags.json.data.length, deleted.status]).toEqual([200, 2, 204]);
    expect((await api.v3(`GET /consumer-groups/${inPath}`)).status).toBe(404);
  },
);

test("committed offsets of a group are returned, and can be deleted for a topic", async () => {
  const { groupId, topic } = await laggingGroup();

  const committed = await api.v3(`GET /consumer-groups/${groupId}/offsets`);
  const deleted = await api.v3(`DELETE /consumer-groups/${groupId}/offsets/${topic}`);
  const again = await api.v3(`DELETE /consumer-groups/${groupId}/offsets/${topic}`);

  expect(committed.json.data).toEqual([
    { topic_name: topic, partition_id: 0, offset: 2 },
    { topic_name: topic, partition_id: 1, offset: 3 },
  ]);
  expect([deleted.status, again.status]).toEqual([204, 404]);
});

test.each([
  ["the beginning", { to: "earliest" }, [0, 0]],
  ["the end", { to: "latest" }, [5, 3]],
  ["an offset", { to: "offset", offset: 1 }, [1, 1]],
  ["an offset beyond the end, which is the end", { to: "offset", offset: 100 }, [5, 3]],
  ["a time", { to: "timestamp", timestamp: 4 }, [3, 3]],
  ["a time in ISO-8601", { to: "timestamp", timestamp: "1970-01-01T00:00:00.002Z" }, [1, 1]],
  ["records further back", { to: "shift", shift: -1 }, [1, 2]],
  ["records further on, and no further than the end", { to: "shift", shift: 2 }, [4, 3]],
])("offsets are moved to %s", async (_, target, after) => {
  const { groupId, topic } = await laggingGroup();
  const request = (validate_only: boolean) =>
    api.v3(`POST /consumer-groups/${groupId}/offsets:reset`, { body: { ...target, topic_name: topic, validate_only } });
  const committed = async () =>
    (await api.v3(`GET /consumer-groups/${groupId}/offsets`)).json.data.map(({ offset }: { offset: number }) => offset);

  const planned = await request(true);
  const before = await committed();
  const done = await request(false);

  expect(planned.json.data).toEqual([
    { topic_name: topic, partition_id: 0, offset_before: 2, offset_after: after[0] },
    { topic_name: topic, partition_id: 1, offset_before: 3, offset_after: after[1] },
  ]);
  expect(before).toEqual([2, 3]);
  expect(done.json).toEqual(planned.json);
  expect(await committed()).toEqual(after);
});

test("without a topic, the offsets of every topic that the group has committed are moved, once all of them can be planned", async () => {
  const { groupId, topic } = await laggingGroup();
  const other = await api.topic({ partitions: 1 });
  const reset = (body: object) => api.v3(`POST /consumer-groups/${groupId}/offsets:reset`, { body });
  await reset({ to: "latest", topic_name: other });

  const planned = await reset({ to: "earliest", validate_only: true });
  const done = await reset({ to: "earliest" });
  const stray = await reset({ to: "earliest", partitions: [0] });
  const nobody = await api.v3(`POST /consumer-groups/${groupId}-of-nobody/offsets:reset`, { body: { to: "earliest" } });

  const rows = [
    { topic_name: topic, partition_id: 0, offset_before: 2, offset_after: 0 },
    { topic_name: topic, partition_id: 1, offset_before: 3, offset_after: 0 },
    { topic_name: other, partition_id: 0, offset_before: 0, offset_after: 0 },
  ];
  expect(planned.json.data).toEqual(topic < other ? rows : [rows[2], rows[0], rows[1]]);
  expect(done.json).toEqual(planned.json);
  expect([stray.status, nobody.status]).toEqual([400, 404]);
});

test("offsets of the partitions named alone are moved, and offset_before is null where none was committed", async () => {
  const { groupId, topic } = await laggingGroup();
  const other = await api.topic({ partitions: 2 });

  const one = await api.v3(`POST /consumer-groups/${groupId}/offsets:reset`, {
    body: { to: "earliest", topic_name: topic, partitions: [1] },
  });
  const fresh = await api.v3(`POST /consumer-groups/${groupId}/offsets:reset`, { body: { to: "latest", topic_name: other } });

  expect(one.json.data).toEqual([{ topic_name: topic, partition_id: 1, offset_before: 3, offset_after: 0 }]);
  expect(fresh.json.data.map(({ offset_before }: { offset_before: unknown }) => offset_before)).toEqual([null, null]);
});

test.each([
  ["a topic that does not exist", { to: "earliest", topic_name: "no-such-topic" }, 404, 40403],
  ["a partition that does not exist", { to: "earliest", partitions: [9] }, 404, 40403],
  ["a to that makes no sense", { to: "tomorrow" }, 400, 400],
  ["no to", {}, 400, 400],
  ["no offset", { to: "offset" }, 400, 400],
  ["a negative offset", { to: "offset", offset: -1 }, 400, 400],
  ["an offset where to is another", { to: "latest", offset: 1 }, 400, 400],
  ["an invalid time", { to: "timestamp", timestamp: "yesterday" }, 400, 400],
  ["a day that is in no calendar", { to: "timestamp", timestamp: "2026-02-30T00:00:00Z" }, 400, 400],
  ["half a record", { to: "shift", shift: 0.5 }, 400, 400],
  ["an unknown member", { to: "latest", topics: [] }, 422, 422],
  ["no body", undefined, 422, 42206],
])("a reset with %s is refused, and nothing is moved", async (_, body, status, errorCode) => {
  const { groupId, topic } = await laggingGroup();

  const answer = await api.v3(
    `POST /consumer-groups/${groupId}/offsets:reset`,
    body === undefined ? { contentType: "application/json" } : { body: { topic_name: topic, ...body } },
  );

  expect([answer.status, answer.json.error_code]).toEqual([status, errorCode]);
  expect((await api.v3(`GET /consumer-groups/${groupId}/offsets`)).json.data.map(({ offset }: { offset: number }) => offset)).toEqual([
    2, 3,
  ]);
});

test("who may describe some groups alone may not describe others, whichever way they are named", async () => {
  const grants = JSON.stringify([{ who: ["*"], may: ["group:describe"], on: ["mine*"] }]);
  const limited = await createAdminApi({ env: { RELAY_ACCESS: "grants", RELAY_ACCESS_GRANTS: grants } });
  const statusOf = async (path: string) => (await limited.call(`GET /v3/clusters/${api.clusterId}/consumer-groups/${path}`)).status;

  const statuses = [
    await statusOf("mine-1"),
    await statusOf("-?group_id=mine-1"),
    await statusOf("theirs"),
    await statusOf("-?group_id=theirs"),
  ];
  await limited.close();

  expect(statuses).toEqual([404, 404, 403, 403]);
});
