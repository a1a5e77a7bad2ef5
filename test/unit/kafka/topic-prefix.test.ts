/** The connection that is confined to a prefix understands every request that this project can send, and refuses any other. */
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { createDeadline } from "../../../lib/deadline.js";
import type { Api, Connection } from "../../../lib/kafka/connection.js";
import { confineToPrefix } from "../../../lib/kafka/topic-prefix.js";

const folder = new URL("../../../lib/kafka/", import.meta.url);
const files = ["protocol", "read"].flatMap((room) => readdirSync(new URL(room, folder)).map((file) => `${room}/${file}`));
const modules = await Promise.all(files.map((file) => import(new URL(file, folder).href)));
const apis = modules
  .flatMap((module) => Object.values(module as Record<string, unknown>))
  .filter((value): value is Api<unknown, unknown> => typeof (value as { encode?: unknown } | null)?.encode === "function");

const answering = { request: async () => ({}) } as unknown as Connection;
const ask = (api: unknown, args: unknown) =>
  confineToPrefix(answering, "team-a.").request(api as Api<unknown, unknown>, args, "any", createDeadline(1_000));

test.each(apis.map((api) => [api.name, api] as const))("%s is understood", async (_, api) => {
  await expect(ask(api, { topics: [] })).resolves.toEqual(expect.anything());
});

test("the protocol is searched for requests", () => {
  expect(apis.map(({ name }) => name)).toEqual(expect.arrayContaining(["Produce", "Metadata", "OffsetCommit", "DescribeConfigs"]));
});

test("a request that is not understood is refused", async () => {
  await expect(ask({ name: "WriteTxnMarkers", key: 27 }, {})).rejects.toThrow("WriteTxnMarkers is not available");
});

test.each([
  [{ topics: ["team-b.orders"] }],
  [{ topics: [{ name: "team-b.orders", partitions: [] }] }],
  [{ groupId: "team-b.orders" }],
  [{ groups: ["team-a.x", "team-b.orders"] }],
  [{ groups: [{ groupId: "team-a.x", topics: [{ name: "team-b.orders" }] }] }],
  [{ resources: [{ type: 2, name: "team-b.orders" }] }],
  [{ keyType: 0, keys: ["team-b.orders"] }],
  [{ keyType: 0, key: "team-b.orders" }],
])("a name outside the prefix is found wherever a request has it: %j", async (args) => {
  await expect(ask({ name: "Any", key: 0 }, args)).rejects.toThrow('"team-b.orders" is not accessible');
});

test("brokers are named by numbers, which no prefix concerns", async () => {
  await expect(ask({ name: "DescribeConfigs", key: 32 }, { resources: [{ type: 4, name: "1" }] })).resolves.toBeDefined();
});
