/** `kafka-relay console --url`: the console on this machine for an API elsewhere, which the page cannot reach by itself. */
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseConfig } from "../../lib/config.js";
import { RelayError } from "../../lib/errors.js";
import { createNodeServer } from "../../lib/http/hosts/node-http.js";
import { startConsoleProxy } from "../../local/console/proxy.js";
import { allOperations } from "../../local/serve/operations.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { hasBrowser, useConsole } from "../support/console/console-page.js";

const kafka = testKafka();
const api = createNodeServer(allOperations, {
  config: parseConfig({ KAFKA_BROKERS: process.env.KAFKA_BROKERS, RELAY_ACCESS: "everything" }),
  kafka,
  log: () => {},
  callerOf: ({ headers }) => {
    if (headers.authorization !== "Bearer for-the-api") throw new RelayError("unauthenticated", "The token is not valid.");
    return { kind: "jwt", name: "me", scopes: [], groups: [] };
  },
});
const urlOf = (server: { address: () => unknown }) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function start() {
  const server = await startConsoleProxy({
    apiUrl: urlOf(api),
    port: 0,
    isReadOnly: false,
    authorize: async () => ({ authorization: "Bearer for-the-api" }),
  });
  return {
    url: urlOf(server),
    end: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

beforeAll(() => new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve)));
afterAll(async () => {
  api.closeAllConnections();
  await new Promise((resolve) => api.close(resolve));
  await kafka.close();
});

describe.runIf(hasBrowser)("the console of the command", () => {
  const { open, url } = useConsole({ start });

  test("shows an API elsewhere as the user of the command, who is not asked for a token", async () => {
    const topic = await createTestTopic(kafka);
    const page = await open(`topics/${topic}`);
    await page.getByRole("button", { name: "Produce" }).click();
    await page.getByLabel("Value data").fill("1");
    await page.getByRole("dialog").getByRole("button", { name: "Produce" }).click();

    await page.getByText("Written to partition 0 at offset 0.").waitFor();
    expect(await page.getByText("me", { exact: true }).count()).toBe(1);
  });

  test("is refused to other web pages, and to names that resolve to this machine", async () => {
    const foreign = await fetch(`${url()}/topics/orders`, { method: "POST", headers: { origin: "https://evil.example" }, body: "{}" });
    const { request } = await import("node:http");
    const status = await new Promise((resolve) =>
      request(`${url()}/permissions`, { headers: { host: "evil.example" } }, (response) => resolve(response.statusCode)).end(),
    );

    expect([foreign.status, status]).toEqual([403, 403]);
  });
});
