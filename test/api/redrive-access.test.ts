/** Who may redrive what to a route: forged dead letters, routes and topics of other teams. The routes' functions are called on a real socket, as Lambda's API is. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import type { RedriveEvent } from "../../lib/relay/dead-letters/redrive-mark.js";
import { type Api, createApi } from "../support/api/api.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";

const kafka = testKafka();
const [teamA, teamB] = [uniqueName("team-a"), uniqueName("team-b")];
const everything = `${teamA}.*`;
const may = ["dead-letter:*", "record:write"];
const grants = [
  { who: ["alice"], may, on: [everything] },
  { who: ["alice"], may: ["route:invoke"], on: ["a-*"] },
  { who: ["bob"], may, on: [everything] },
  { who: ["carol"], may: [...may, "route:invoke"] },
  { who: ["dave"], may: ["dead-letter:*", "route:invoke"] },
];
const invoked: { readonly name: string; readonly event: RedriveEvent }[] = [];
let server: Server;
let api: Api;
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [, name = ""] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.url ?? "") ?? [];
    invoked.push({ name, event: JSON.parse(Buffer.concat(chunks).toString()) });
    response.writeHead(200).end(JSON.stringify({ batchItemFailures: [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  api = await createApi({
    kafka,
    log: () => {},
    env: {
      RELAY_ACCESS: "grants",
      RELAY_ACCESS_GRANTS: JSON.stringify(grants),
      RELAY_FUNCTION_PREFIX: "relay-",
      RELAY_FUNCTION_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      RELAY_ROUTES: `a-route=${teamA}.orders b-route=${teamB}.payments`,
      AWS_REGION: "eu-central-1",
    },
  });
});
beforeEach(() => void invoked.splice(0));
afterAll(async () => {
  server.close();
  await kafka.close();
});

/** A topic of team A with one dead letter that says of itself what is given. */
async function letterOf(claims: Readonly<Record<string, string | number>>): Promise<string> {
  const topic = await createTestTopic(kafka, { name: uniqueName(`${teamA}.dead`) });
  const headers = Object.entries({ partition: 0, offset: 7, redrives: 0, ...claims }).map(([name, value]) => ({
    name: `relay.error.${name}`,
    value: Buffer.from(String(value)),
  }));
  await kafka.producer.produce(topic, [{ key: null, value: Buffer.from("{}"), headers }], createDeadline(20_000));
  return topic;
}

const as = (sub: string) => ({ jwt: { claims: { sub, iss: "https://issuer.example.com" }, scopes: null } });
const redrive = (who: string, topic: string, body: object = {}) =>
  api.call(`POST /dead-letters/${topic}/redrive`, { body: { all: true, ...body }, authorizer: as(who) });

test("a letter of the caller's own topic and route is redriven, at its own coordinates, in an event that says so", async () => {
  const letters = await letterOf({ route: "a-route", topic: `${teamA}.orders`, timestamp: 1_700_000_000_000 });

  const { json } = await redrive("alice", letters);

  expect(json).toMatchObject({ redriven: 1, failed: 0 });
  expect(invoked.map(({ name }) => name)).toEqual(["relay-aRoute"]);
  expect(invoked[0]?.event.relayRedrive).toEqual({ count: 1, generation: 0 });
  const { records = {} } = invoked[0]?.event ?? {};
  expect(records[`${teamA}.orders-0`]?.[0]).toMatchObject({
    topic: `${teamA}.orders`,
    offset: 7,
    timestamp: 1_700_000_000_000,
    headers: [],
  });
});

test.each([
  ["names another team's route and topic", { route: "b-route", topic: `${teamB}.payments` }, "route:invoke"],
  ["names another team's route and a topic of the caller's own", { route: "b-route", topic: `${teamA}.orders` }, "route:invoke"],
  [
    "names the caller's own route and another team's topic",
    { route: "a-route", topic: `${teamB}.payments` },
    "but the route a-route reads",
  ],
  [
    "names the caller's own route and a topic that the route does not read",
    { route: "a-route", topic: `${teamA}.other` },
    "but the route a-route reads",
  ],
  ["names a function that is not a route", { route: "a-produce", topic: `${teamA}.orders` }, "does not exist"],
])("a forged letter that %s invokes nothing and stays open", async (_, claims, message) => {
  const letters = await letterOf(claims);

  const { json } = await redrive("alice", letters);

  expect(json).toMatchObject({ redriven: 0, failed: 1, outcomes: [{ outcome: "failed", message: expect.stringContaining(message) }] });
  expect(invoked).toEqual([]);
  expect((await api.call(`GET /dead-letters/${letters}`, { authorizer: as("alice") })).json.letters).toHaveLength(1);
});

test.each([
  ["may not invoke the route", "bob", "route:invoke"],
  ["may not write to the topic that the record counts as one of", "dave", "record:write"],
])("who %s redrives nothing", async (_, who, message) => {
  const letters = await letterOf({ route: "a-route", topic: `${teamA}.orders` });

  const { json } = await redrive(who, letters);

  expect(json).toMatchObject({ redriven: 0, failed: 1, outcomes: [{ message: expect.stringContaining(message) }] });
  expect(invoked).toEqual([]);
});

test("a route that the call names is refused before any letter is looked at", async () => {
  const letters = await letterOf({ route: "a-route", topic: `${teamA}.orders` });

  const route = await redrive("alice", letters, { name: "b-route" });
  const topic = await redrive("alice", letters, { name: `${teamB}.payments`, destination: "topic" });

  expect([route.status, topic.status]).toEqual([403, 403]);
  expect(invoked).toEqual([]);
});

test("a letter without an origin is redriven to a route by who may write to every topic that the route reads, at the letter's own place", async () => {
  const letters = await letterOf({ route: "b-route" });

  expect((await redrive("alice", letters, { name: "a-route" })).json).toMatchObject({ redriven: 1 });
  expect(Object.keys(invoked[0]?.event.records ?? {})).toEqual([`${letters}-0`]);
});

test("who may everything redrives any letter to the route that reads its topic", async () => {
  const letters = await letterOf({ route: "b-route", topic: `${teamB}.payments` });

  expect((await redrive("carol", letters)).json).toMatchObject({ redriven: 1, failed: 0 });
});

test("Kafka's own topics are not read as dead letters", async () => {
  for (const path of ["/dead-letters/__consumer_offsets", "/dead-letters/__consumer_offsets/0/0"]) {
    const { status } = await api.call(`GET ${path}`, { authorizer: as("carol") });
    expect([400, 403, 404, 422]).toContain(status);
  }
});
