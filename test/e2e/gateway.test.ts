/** The laptop's API over real HTTP, as browsers and pages of other origins meet it: Host, CORS, and bodies that arrive as they were sent. */
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createToken } from "../../local/auth/tokens.js";
import { createHome, type Home, npmStart, type Program } from "../support/run/started.js";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Not fetch: that sets Host, Origin and Accept-Encoding by itself. */
function call(
  port: number,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: Buffer | string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, method, path, headers, agent: false, timeout: 30_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.on("timeout", () => request.destroy(new Error("no answer within 30 s")));
    request.end(body);
  });
}

const methods = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];
const app = "https://app.example.com";
const evil = "https://evil.example";
const corsOf = ({ headers }: Answer) => Object.keys(headers).filter((name) => name.startsWith("access-control-"));

describe("npm start over HTTP", { timeout: 180_000 }, () => {
  let home: Home;
  let program: Program;
  beforeAll(async () => {
    home = await createHome({ KAFKA_CREATE_TOPICS: "orders:1:1", RELAY_CORS_ORIGINS: app, RELAY_ALLOWED_HOSTS: "dev.example.test" });
    program = await npmStart(home);
  }, 180_000);
  afterAll(async () => {
    await program?.killTree();
    await home.remove();
  });

  const api = (method: string, path: string, headers: Readonly<Record<string, string>> = {}, body?: Buffer | string) =>
    call(home.ports.http, method, path, headers, body);
  const json = (answer: Answer) => JSON.parse(answer.body.toString());
  const topicPath = async () => {
    const { cluster_id: id } = json(await api("GET", "/v3/clusters")).data[0];
    return `/v3/clusters/${id}/topics/orders`;
  };
  const lastRecord = async () => {
    const { records } = json(await api("GET", "/topics/orders/records?from=beginning&header_format=string&value_format=base64"));
    const { value, headers } = records.at(-1);
    const texts = headers.map(({ name, value: text }: { readonly name: string; readonly value: string }) => [name, text]);
    return { value: Buffer.from(value ?? "", "base64"), headers: Object.fromEntries(texts) as Record<string, string> };
  };
  const event = { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/shop", "ce-type": "order.placed" };

  test("a page of another origin deletes and writes nothing, and is given no answer that it could read", async () => {
    const path = await topicPath();
    for (const origin of [evil, "null", `http://localhost:${home.ports.http + 1}`]) {
      for (const method of methods) {
        const answer = await api(method, path, { origin, ...(method === "OPTIONS" ? { "access-control-request-method": "DELETE" } : {}) });

        expect(corsOf(answer), `${method} from ${origin}`).toEqual([]);
        if (["POST", "PUT", "PATCH", "DELETE"].includes(method)) expect(answer.status, `${method} from ${origin}`).toBe(403);
      }
      // What a page may send without a preflight: no Content-Type is JSON here.
      expect((await api("POST", "/topics/orders", { origin }, '{"records":[{"value":1}]}')).status).toBe(403);
    }

    expect((await api("GET", path)).status).toBe(200);
    expect(json(await api("GET", "/topics/orders/records?from=beginning")).records).toEqual([]);
  });

  test("an origin that is configured is let in, its preflight answered, without credentials", async () => {
    const preflight = await api("OPTIONS", "/topics/orders", { origin: app, "access-control-request-method": "POST" });
    const read = await api("GET", "/health", { origin: app });

    expect([preflight.status, preflight.headers["access-control-allow-origin"]]).toEqual([204, app]);
    expect(preflight.headers["access-control-allow-methods"]).toContain("DELETE");
    expect(preflight.headers["access-control-allow-headers"]).toContain("content-type");
    expect([read.status, read.headers["access-control-allow-origin"], read.headers.vary]).toEqual([
      200,
      app,
      expect.stringContaining("origin"),
    ]);
    for (const answer of [preflight, read]) expect(answer.headers["access-control-allow-credentials"]).toBeUndefined();
  });

  test("a host that is not known is refused, whatever the method, and known ones are served", async () => {
    for (const method of methods) {
      const answer = await api(method, "/topics", { host: `evil.example:${home.ports.http}` });
      expect(answer.status, method).toBe(403);
      if (method !== "HEAD") expect(json(answer).message).toContain("RELAY_ALLOWED_HOSTS");
    }
    for (const host of ["localhost", `localhost:${home.ports.http}`, "[::1]:3000", "dev.example.test"])
      expect((await api("GET", "/health", { host })).status, host).toBe(200);
  });

  test("Lambda's own API is as closed: a page invokes no function, and an SDK does", async () => {
    const path = "/2015-03-31/functions/kafka-relay-local-service/invocations";
    const body = JSON.stringify({
      version: "2.0",
      routeKey: "GET /health",
      rawPath: "/health",
      headers: {},
      requestContext: { http: { method: "GET" } },
    });
    const invoke = (headers: Readonly<Record<string, string>>) => call(home.ports.lambda, "POST", path, headers, body);

    expect((await invoke({ origin: evil })).status).toBe(403);
    expect((await invoke({ host: "evil.example" })).status).toBe(403);
    const good = await invoke({});
    expect([good.status, json(good).statusCode]).toEqual([200, 200]);
  });

  test("an asynchronous call of a function that fails is reported, and everything goes on", async () => {
    const path = "/2015-03-31/functions/kafka-relay-local-strongQuakes/invocations";

    const { status } = await call(home.ports.lambda, "POST", path, { "x-amz-invocation-type": "Event" }, "{}");

    expect(status).toBe(202);
    await program.printed(/strongQuakes failed/);
    expect((await api("GET", "/health")).status).toBe(200);
  });

  test("an event that is sent without a Content-Type gets none", async () => {
    expect((await api("POST", "/topics/orders/events", event, '{"total":1}')).status).toBe(200);

    const { headers, value } = await lastRecord();

    expect(value.toString()).toBe('{"total":1}');
    expect(headers.ce_id).toBe("1");
    expect(headers).not.toHaveProperty("content-type");
  });

  test.each(["image/png", "application/octet-stream", undefined])("bytes of the type %s arrive whole", async (type) => {
    const bytes = Buffer.from([0x89, 0x50, 0xff, 0x00, 0x80, 0xfe]);
    const headers = { ...event, ...(type === undefined ? {} : { "content-type": type }) };

    expect((await api("POST", "/topics/orders/events", headers, bytes)).status).toBe(200);

    expect((await lastRecord()).value).toEqual(bytes);
  });

  test("text beyond ASCII arrives whole where the gateway hands it on as text", async () => {
    const body = '{"records":[{"value":"é\\u00e9 €"}]}';

    expect((await api("POST", "/topics/orders", { "content-type": "application/json; charset=utf-8" }, body)).status).toBe(200);

    expect((await lastRecord()).value.toString()).toBe('"éé €"');
  });

  test.each(["application/vnd.kafka.json.v2+json", "application/json"])("a gzip body of the type %s arrives whole", async (type) => {
    const body = gzipSync('{"records":[{"value":"gzip é"}]}');

    const answer = await api("POST", "/topics/orders", { "content-type": type, "content-encoding": "gzip" }, body);

    expect(answer.status).toBe(200);
    expect((await lastRecord()).value.toString()).toBe('"gzip é"');
  });

  test("a long answer is compressed for who accepts it, also for a page of another origin, and HEAD tells its length", async () => {
    const plain = await api("GET", "/openapi.json");
    const compressed = await api("GET", "/openapi.json", { "accept-encoding": "gzip", origin: app });
    const head = await api("HEAD", "/openapi.json", { "accept-encoding": "gzip" });

    expect([plain.headers["content-encoding"], compressed.headers["content-encoding"]]).toEqual([undefined, "gzip"]);
    expect(compressed.headers.vary).toMatch(/accept-encoding.*origin/);
    expect(gunzipSync(compressed.body).equals(plain.body)).toBe(true);
    expect([head.status, head.headers["content-encoding"], head.body.length]).toEqual([200, "gzip", 0]);
    expect(head.headers["content-length"]).toBe(String(compressed.body.length));
  });

  test("a mark of ours that a caller sends reaches nothing, and answers come as ever", async () => {
    const answer = await api("GET", "/health", { "x-kafka-relay-request": "forged" });

    expect(answer.status).toBe(200);
  });
});

describe("npm start -- --auth jwt", { timeout: 180_000 }, () => {
  let home: Home;
  let program: Program;
  beforeAll(async () => {
    home = await createHome({ KAFKA_CREATE_TOPICS: "orders:1:1" });
    program = await npmStart(home, ["--auth", "jwt"]);
  }, 180_000);
  afterAll(async () => {
    await program?.killTree();
    await home.remove();
  });

  test("a call needs a token, whose scopes say what it may do, and a refused call has a line like any other", async () => {
    const bearer = async (scope: string) => {
      const request = { subject: "anna", scopes: [scope], expiresInSeconds: 600 };
      return { authorization: `Bearer ${await createToken(String(home.env.RELAY_DATA_FOLDER), request, Date.now())}` };
    };
    const type = { "content-type": "application/json" };
    const write = (headers: Readonly<Record<string, string>>) =>
      call(home.ports.http, "POST", "/topics/orders", { ...type, ...headers }, '{"records":[{"value":1}]}');
    const forged = { "sls-offline-authorizer-override": JSON.stringify({ iam: { userArn: "arn:aws:iam::1:user/ada" } }) };

    expect((await write({})).status).toBe(401);
    expect((await write(forged)).status).toBe(401);
    expect((await write({ authorization: "Bearer e30.e30.e30" })).status).toBe(401);
    expect((await write(await bearer("read"))).status).toBe(403);
    expect((await write(await bearer("produce"))).status).toBe(200);
    await program.printed(/401 {2}POST \/topics\/orders/);
  });
});
