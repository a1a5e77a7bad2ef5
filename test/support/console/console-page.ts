/** The console in a real browser, on a server with every operation and the run's broker. What the browser complains about fails the test. */
import { existsSync, mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { parseConfig } from "../../../lib/config.js";
import { createNodeServer, type NodeHttpOptions } from "../../../lib/http/hosts/node-http.js";
import { consoleOperations } from "../../../lib/http/operations/console-operations.js";
import { routeOperations } from "../../../lib/http/operations/route-operations.js";
import { streamOperations } from "../../../lib/http/operations/stream-operations.js";
import { createStreams } from "../../../lib/http/streams/streams.js";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import { noSources } from "../../../lib/sources/status/source-provider.js";
import { consolePageFolder } from "../../../local/build/console.js";
import { projectFolder } from "../../../local/build/service-map.js";
import { allOperations } from "../../../local/serve/operations.js";
import { noRoutes } from "../../../local/serve/routes/provider.js";
import { testKafka } from "../broker/kafka.js";
import { didNotRun } from "../run/did-not-run.js";

const browserPaths = [process.env.CHROMIUM_PATH, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const browserPath = browserPaths.find((path) => path !== undefined && existsSync(path));

/** False: there is no browser, which the run reports. */
export const hasBrowser = browserPath !== undefined;
if (!hasBrowser) didNotRun("the console in a browser", "there is no Chromium (Debian: apt-get install chromium)");

interface ConsoleHarness {
  readonly kafka: Kafka;
  /** Opens a place of the console in a new page: `open("topics/orders?from=end")`. */
  readonly open: (place: string, options?: OpenOptions) => Promise<Page>;
  readonly url: () => string;
  /** Writes `.build/console/<name>.png`. */
  readonly shoot: (page: Page, name: string) => Promise<void>;
  /** Complaints that a test expects: they are taken off the list. */
  readonly expectComplaint: (pattern: RegExp) => void;
}

interface StartedServer {
  readonly url: string;
  readonly end: () => Promise<unknown>;
}

interface ConsoleOptions extends Partial<NodeHttpOptions> {
  readonly env?: NodeJS.ProcessEnv;
  /** Starts a server in place of the one in this process. */
  readonly start?: () => Promise<StartedServer>;
}

interface OpenOptions extends BrowserContextOptions {
  /** Called before the first request. */
  readonly prepare?: (page: Page) => Promise<unknown>;
}

/** For a busy machine; on a quiet one everything takes milliseconds. */
const actionTimeoutMs = 20_000;

/** Starts the server and the browser before the tests of a file, and checks after each test what the browser complained about. */
export function useConsole(options: ConsoleOptions = {}): ConsoleHarness {
  const kafka = testKafka();
  const pages: Page[] = [];
  let complaints: string[] = [];
  let server: StartedServer;
  let browser: Browser;
  beforeAll(async () => {
    server = await (options.start?.() ?? startConsoleServer(kafka, options));
    browser = await chromium.launch({ executablePath: browserPath ?? "", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  });
  afterEach(async () => {
    await Promise.all(pages.splice(0).map((page) => page.context().close()));
    const found = complaints;
    complaints = [];
    expect(found).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.end();
    await kafka.close();
  });
  const url = () => server.url;
  return {
    kafka,
    url,
    open: async (place, { prepare, ...context } = {}) => {
      const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 }, ...context })).newPage();
      pages.push(page);
      page.setDefaultTimeout(actionTimeoutMs);
      page.on("console", (message) => {
        // A server without routes says so once, and browsers report every answer of 400 and above.
        if (message.text().includes("501") && message.location().url.endsWith("/routes")) return;
        if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(String(error)));
      await prepare?.(page);
      await page.goto(`${url()}/console#/${place}`);
      return page;
    },
    shoot: async (page, name) => {
      const folder = join(projectFolder, ".build/console");
      mkdirSync(folder, { recursive: true });
      await page.screenshot({ path: join(folder, `${name}.png`) });
    },
    expectComplaint: (pattern) => {
      complaints = complaints.filter((text) => !pattern.test(text));
    },
  };
}

/** Serves the page and every operation in this process, for the brokers of `kafka`. */
export async function startConsoleServer(kafka: Kafka, options: ConsoleOptions = {}): Promise<StartedServer> {
  const config = parseConfig({
    KAFKA_BROKERS: process.env.KAFKA_BROKERS,
    RELAY_ACCESS: "everything",
    RELAY_CONSOLE: "on",
    ...options.env,
  });
  const operations = {
    ...allOperations,
    ...routeOperations(noRoutes, noSources),
    ...consoleOperations(consolePageFolder),
    ...streamOperations(createStreams()),
  };
  const server = createNodeServer(operations, { config, kafka, log: () => {}, ...options });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    end: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
