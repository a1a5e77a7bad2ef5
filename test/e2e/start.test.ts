/** `npm start`, as a new user meets it: what comes up, what it answers, what it prints, and that it goes away as a whole. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { identityOf, isAlive } from "../../local/processes/identity.js";
import { isPortFree } from "../../local/processes/ports.js";
import { createHome, type Home, npmRun, npmStart, type Program, treeOf, until } from "../support/run/started.js";

/** How long anybody waits for an answer to a bad request, on a machine that does other things too. */
const answerMsMax = 8_000;

describe("npm start -- --registry", { timeout: 180_000 }, () => {
  let home: Home;
  let program: Program;
  beforeAll(async () => {
    home = await createHome({ KAFKA_CREATE_TOPICS: "orders:4:1:compact" });
    program = await npmStart(home, ["--registry"]);
  }, 180_000);
  afterAll(async () => {
    await program?.killTree();
    await home.remove();
  });

  const get = async (path: string) => {
    const response = await fetch(`${home.api}${path}`);
    // biome-ignore lint/suspicious/noExplicitAny: tests look into it by path, and say what they expect to find.
    return { status: response.status, body: (await response.json()) as any };
  };
  const postQuake = (quake: object, id: string) =>
    fetch(`${home.api}/topics/earthquakes/events`, {
      method: "POST",
      headers: { "content-type": "application/json", "ce-specversion": "1.0", "ce-type": "quake", "ce-source": "/test", "ce-id": id },
      body: JSON.stringify(quake),
    });
  let schemaId = 0;
  const postAvro = (schema: object) =>
    fetch(`${home.api}/topics/orders`, {
      method: "POST",
      headers: { "content-type": "application/vnd.kafka.avro.v2+json" },
      body: JSON.stringify({ ...schema, key_schema: '"string"', records: [{ key: "a", value: "b" }] }),
    });
  const quake = (id: string, dmin: number | null) => ({
    id,
    properties: { mag: 5.5, place: "here", time: 0, type: "earthquake", dmin },
    geometry: { coordinates: [1, 2, 3] },
  });
  const valuesOf = async (topic: string) => {
    const { status, body } = await get(`/topics/${topic}/records?from=beginning`);
    return status === 200 ? body.records.map(({ value }: { readonly value: unknown }) => value) : [];
  };

  test("it says what it does, what is up, and things to try, with schemas and without", () => {
    for (const said of [
      /Starting Apache Kafka/,
      /Created the topics/,
      /Starting the API/,
      /HTTP API +http:\/\/localhost:/,
      /npm run demo/,
      /Schemas +http:\/\/127\.0\.0\.1:\d+\/apis\/ccompat\/v7/,
    ]) {
      expect(program.output()).toMatch(said);
    }
    expect(program.output().match(/^ {2}(curl|npm run demo)/gm)).toHaveLength(4);
  });

  test("topics that were asked for are there as asked, and none is made by accident", async () => {
    expect((await get("/topics/orders")).body).toMatchObject({ name: "orders", configs: { "cleanup.policy": "compact" } });
    expect((await get("/topics/orders/partitions")).body).toHaveLength(4);
    expect((await get("/topics/no-such-topic")).status).toBe(404);
  });

  test("a quake goes in over HTTP, through a trigger and a route, and out of the next topic", async () => {
    expect((await postQuake(quake("q1", 0.1), "q1")).status).toBe(200);

    await until("it is relayed", async () => (await valuesOf("strong-earthquakes")).some((value: { id: string }) => value.id === "q1"));

    await program.printed(/200 {2}POST \/topics\/earthquakes\/events/);
    await program.printed(/strong-quakes {2}\d+ records?: \d+ delivered/);
  });

  test("GET /routes shows the routes as they run, and a record can be tried on one", async () => {
    await until("the route's batch is counted and committed", async () => {
      const { activity, lag } = (await get("/routes/strong-quakes")).body;
      return activity?.counts.delivered >= 1 && lag === 0;
    });

    const { body } = await get("/routes/strong-quakes");
    expect(body).toMatchObject({ state: "running", lag: 0, sources: [{ topic: "earthquakes", group: "kafka-relay-local-strong-quakes" }] });
    expect(body.sources[0].partitions).toHaveLength(3);
    expect(body.definition.target).toMatchObject({ kind: "topic", name: "strong-earthquakes" });
    expect((await get("/routes")).body.routes.map(({ name }: { readonly name: string }) => name)).toEqual([
      "strong-quakes",
      "quakes-to-sql",
      "quakes-to-webhook",
    ]);
    const tried = await fetch(`${home.api}/routes/strong-quakes/try`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ record: { value: { json: quake("tried", 0.1) } } }),
    });
    expect(await tried.json()).toMatchObject({ outcome: "delivered", filter: { matches: true }, messages: [{ key: { text: "tried" } }] });
  });

  test("a quake that the route cannot take is dead-lettered with the reason, in the topic and on the screen", async () => {
    expect((await postQuake(quake("q2", null), "q2")).status).toBe(200);

    await until("it is dead-lettered", async () => (await valuesOf("earthquakes.dead-letters")).length === 1);

    await program.printed(/dead letter {2}strong-quakes {2}earthquakes\/\d@\d+: .*dmin is missing/);
  });

  test("a dead letter is redriven over HTTP through its route's own function, and is a new one that counts where the route refuses it again", async () => {
    const response = await fetch(`${home.api}/dead-letters/earthquakes.dead-letters/redrive`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ all: true }),
    });

    expect([response.status, await response.json()]).toEqual([200, expect.objectContaining({ redriven: 1, failed: 0 })]);
    const { letters } = (await get("/dead-letters/earthquakes.dead-letters")).body;
    expect(letters).toMatchObject([{ route: "strong-quakes", redrives: 1, origin: { topic: "earthquakes" } }]);
  });

  test.each([
    ["no body", "/topics/orders", undefined, "application/vnd.kafka.json.v2+json", 422],
    ["bad JSON", "/topics/orders", '{"records":[', "application/vnd.kafka.json.v2+json", 400],
    ["an unknown topic", "/topics/no-such-topic", '{"records":[{"value":1}]}', "application/vnd.kafka.json.v2+json", 404],
    ["a wrong content type", "/topics/orders", "<a/>", "application/xml", 415],
    ["8 MB", "/topics/orders", JSON.stringify({ records: [{ value: "x".repeat(8_000_000) }] }), "application/vnd.kafka.json.v2+json", 413],
    ["an unknown path", "/nowhere", "{}", "application/json", 404],
  ])("%s is answered soon, with status, code and reason", async (_, path, body, contentType, status) => {
    const started = Date.now();
    const response = await fetch(`${home.api}${path}`, {
      method: "POST",
      headers: { "content-type": contentType },
      ...(body === undefined ? {} : { body }),
    });
    const answer = (await response.json()) as { readonly error_code: number; readonly message: string };

    expect(Date.now() - started).toBeLessThan(answerMsMax);
    expect({ status: response.status, code: String(answer.error_code).slice(0, 3) }).toEqual({ status, code: String(status) });
    expect(answer.message.length).toBeGreaterThan(10);
  });

  test("Avro goes in over HTTP by a schema that the registry gets", async () => {
    const response = await postAvro({ value_schema: '"string"' });
    expect(response.status).toBe(200);
    schemaId = ((await response.json()) as { readonly value_schema_id: number }).value_schema_id;
  });

  test("a second npm start in the same folder says who runs there, and leaves the first alone", async () => {
    const second = npmRun("start", home);

    expect(await second.ended()).not.toBe(0);
    expect(second.output()).toMatch(/npm start is already running here \(process \d+\)/);
    expect((await get("/health")).status).toBe(200);
  });

  test("Ctrl-C stops everything that was started, and the data stay", async () => {
    const tree = treeOf(program.pid).flatMap((pid) => identityOf(pid) ?? []);
    expect(tree.length).toBeGreaterThan(4);

    program.interrupt();
    await program.ended();

    expect(tree.filter(isAlive)).toEqual([]);
    for (const port of Object.values(home.ports)) expect(await isPortFree(port), `port ${port}`).toBe(true);
    program = await npmStart(home, ["--registry"]);
    expect(program.output()).not.toMatch(/Created the topics/);
    expect(await valuesOf("earthquakes.dead-letters")).toHaveLength(2);
    // An unknown id would be refused.
    expect((await postAvro({ value_schema_id: schemaId })).status).toBe(200);
  });

  test("when npm alone is killed, what it has started ends too", async () => {
    const tree = treeOf(program.pid).flatMap((pid) => identityOf(pid) ?? []);
    expect(tree.length).toBeGreaterThan(4);

    process.kill(program.pid, "SIGKILL");
    await program.ended();

    expect(tree.filter(isAlive)).toEqual([]);
  });
});

describe("npm start -- --serve", { timeout: 180_000 }, () => {
  let home: Home;
  let program: Program;
  beforeAll(async () => {
    home = await createHome();
    program = await npmStart(home, ["--serve"]);
  }, 180_000);
  afterAll(async () => {
    await program?.killTree();
    await home.remove();
  });

  test("the API, the routes and the console run in kafka-relay serve, and Ctrl-C ends all of it", async () => {
    const quake =
      '{"id":"s1","properties":{"mag":5.5,"place":"here","time":0,"type":"earthquake","dmin":0.1},"geometry":{"coordinates":[1,2,3]}}';
    const headers = {
      "content-type": "application/json",
      "ce-specversion": "1.0",
      "ce-type": "quake",
      "ce-source": "/test",
      "ce-id": "s1",
    };
    expect((await fetch(`${home.api}/topics/earthquakes/events`, { method: "POST", headers, body: quake })).status).toBe(200);

    await until("it is relayed", async () => {
      const response = await fetch(`${home.api}/topics/strong-earthquakes/records?from=beginning`);
      return (await response.text()).includes('"id":"s1"');
    });
    expect((await fetch(`${home.api}/console`)).status).toBe(200);
    expect(program.output()).not.toContain("npm run demo");

    program.interrupt();
    expect(await program.ended()).toBe(0);
  });
});
