/** The webhook's connections: how many there are, how long they are kept, and what the receiver may do to them. */
import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer, type Socket } from "node:net";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { Target, TargetDefinition } from "../../../lib/relay/delivery.js";
import { createHttpSender } from "../../../lib/targets/webhook/request.js";
import { webhook } from "../../../lib/targets/webhook.js";
import { certificate, privateKey } from "../../support/broker/localhost-certificate.js";
import { delivery, soon, targetContext, verdictOf } from "../../support/relay/deliveries.js";
import { closers, listen, receiver } from "../../support/targets/http-receivers.js";

async function open(definition: TargetDefinition): Promise<Target> {
  const target = await definition.open(targetContext());
  closers.push(() => target.close());
  return target;
}

test("no more connections are opened than the route allows, and all are kept and used again", async () => {
  let now = 0;
  let opened = 0;
  let most = 0;
  const server = createHttpServer((request, response) => {
    request.resume().on("end", () => setTimeout(() => response.end(), 5));
  });
  server.on("connection", (socket: Socket) => {
    opened++;
    most = Math.max(most, ++now);
    socket.on("close", () => now--);
  });
  const target = await open(webhook({ url: await listen(server), connectionsMax: 3 }));
  const outcomes = await Promise.all(Array.from({ length: 30 }, (_, offset) => target.deliver([delivery({ offset })], soon())));
  expect(outcomes.every(([outcome]) => verdictOf(outcome) === "delivered")).toBe(true);
  expect([opened, most]).toEqual([3, 3]);
});

test("where each record names its own host, only so many keep their connections", async () => {
  const servers = await Promise.all([receiver(), receiver(), receiver()]);
  const sender = createHttpSender({
    connectionsMax: 1,
    hostsMax: 2,
    answerBytesMax: 100,
    answerHeaderBytesMax: 1_000,
    allowPrivate: true,
  });
  closers.push(async () => sender.close());
  const statuses: number[] = [];
  for (const { url } of [...servers, ...servers]) {
    const request = { url: new URL(url), method: "POST", headers: { "content-length": "0" }, body: Buffer.alloc(0), timeoutMs: 5_000 };
    statuses.push((await sender.send(request)).status);
  }
  expect(statuses).toEqual([200, 200, 200, 200, 200, 200]);
  // One more than are kept, in turns: each was closed before it came up again.
  expect(servers.map(({ connections }) => connections())).toEqual([2, 2, 2]);
});

test("answers in every framing of HTTP are understood", async () => {
  const answers = [
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nuntil the end",
    "HTTP/1.0 200 OK\r\n\r\n",
  ];
  const url = await listen(
    createTcpServer((socket) =>
      socket.on("data", () => {
        const answer = answers.shift() ?? "";
        if (answer.includes("close") || answer.includes("1.0")) socket.end(answer);
        else socket.write(answer);
      }),
    ),
  );
  const target = await open(webhook({ url }));
  for (let index = 0; index < 4; index++) expect(verdictOf((await target.deliver([delivery()], soon()))[0])).toBe("delivered");
});

test("a kept connection that the receiver closed meanwhile is replaced without a failure", async () => {
  let requests = 0;
  const server = createTcpServer((socket) => {
    let served = 0;
    socket.on("data", () => {
      served += 1;
      requests += 1;
      // The second request on a connection meets a closed door, as after an idle timeout.
      if (served === 1) socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
      else socket.resetAndDestroy();
    });
  });
  const target = await open(webhook({ url: await listen(server) }));
  for (let index = 0; index < 3; index++) expect(verdictOf((await target.deliver([delivery()], soon()))[0])).toBe("delivered");
  expect(requests).toBeGreaterThan(3);
});

test("over TLS the receiver has to prove its name: by an authority that is known, or that the route names", async () => {
  let requests = 0;
  let connections = 0;
  const server = createHttpsServer({ key: privateKey, cert: certificate }, (request, response) => {
    requests++;
    request.resume().on("end", () => response.end());
  });
  server.on("secureConnection", () => connections++);
  const { port } = new URL(await listen(server));
  const trusting = await open(webhook({ url: `https://localhost:${port}/`, ca: certificate }));
  const strangers = [webhook({ url: `https://localhost:${port}/` }), webhook({ url: `https://127.0.0.1:${port}/`, ca: certificate })];

  for (const stranger of strangers) {
    const [outcome] = await (await open(stranger)).deliver([delivery()], soon());
    expect(verdictOf(outcome)).toBe("target: target-refused");
  }
  expect(requests).toBe(0);

  connections = 0;
  for (let n = 0; n < 3; n++) expect(verdictOf((await trusting.deliver([delivery()], soon()))[0])).toBe("delivered");
  expect([requests, connections]).toEqual([3, 1]);
});

test("`ca` adds to the authorities that are trusted already, NODE_EXTRA_CA_CERTS among them", async () => {
  const certificates = join(import.meta.dirname, "../../broker/certificates");
  const keystore = readFileSync(join(certificates, "broker-keystore.pem"), "utf8");
  const answer: RequestListener = (request, response) => void request.resume().on("end", () => response.end());
  const own = new URL(await listen(createHttpsServer({ key: privateKey, cert: certificate }, answer)));
  const trusted = new URL(await listen(createHttpsServer({ key: keystore, cert: keystore }, answer)));
  vi.stubEnv("NODE_EXTRA_CA_CERTS", join(certificates, "ca.pem"));
  const urls = [`https://localhost:${own.port}/`, `https://localhost:${trusted.port}/`];

  for (const url of urls) {
    const [outcome] = await (await open(webhook({ url, ca: certificate }))).deliver([delivery()], soon());
    expect(verdictOf(outcome)).toBe("delivered");
  }
  vi.unstubAllEnvs();
});
