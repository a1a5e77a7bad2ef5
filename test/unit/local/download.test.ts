/** Downloads of pinned files without Maven: only a whole file with the right checksum is kept. */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DownloadLimits, downloadPinned } from "../../../local/broker/download.js";
import { proxiesOf } from "../../../local/broker/jar-source.js";
import { type LocalRepository, startRepository } from "../../support/run/maven-repository.js";

const bodies = new Map(["org/a/a-1.jar", "org/b/b-2.jar", "org/c/c-3.jar"].map((path) => [path, Buffer.alloc(20_000, path)]));
const files = Object.fromEntries([...bodies].map(([path, body]) => [path, createHash("sha256").update(body).digest("hex")]));
const limits: DownloadLimits = {
  atOnceMax: 2,
  attemptsMax: 3,
  silenceMs: 2_000,
  totalMs: 60_000,
  fileBytesMax: 1_000_000,
  pauseMs: 1,
};

let folder: string;
let repository: LocalRepository | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "download-"));
});
afterEach(async () => {
  await repository?.close();
  rmSync(folder, { recursive: true, force: true });
});

const repositoryWith = async (...args: Parameters<typeof startRepository> | []): Promise<string> => {
  repository = await startRepository(args[0] ?? ((path) => bodies.get(path)), args[1]);
  return repository.url;
};
const download = (url: string, more: Partial<Parameters<typeof downloadPinned>[0]> = {}) =>
  downloadPinned({ files, repository: { url }, folder, progress: () => {}, limits, ...more });
const kept = (): readonly string[] => readdirSync(folder).sort();

test("every file arrives whole, under its own name", async () => {
  await download(await repositoryWith());

  expect(kept()).toEqual(["a-1.jar", "b-2.jar", "c-3.jar"]);
  expect(readFileSync(join(folder, "b-2.jar")).equals(bodies.get("org/b/b-2.jar") ?? Buffer.alloc(0))).toBe(true);
});

test("a file with a wrong checksum is refused by name, with both checksums, and not kept", async () => {
  const url = await repositoryWith((path) => (path === "org/b/b-2.jar" ? Buffer.from("changed on its way") : bodies.get(path)));

  await expect(download(url)).rejects.toThrow(
    new RegExp(`^${url}/org/b/b-2.jar has the SHA-256 [0-9a-f]{64}, but ${files["org/b/b-2.jar"]} is expected\\. The file was not kept\\.`),
  );

  expect(kept()).not.toContain("b-2.jar");
  expect(kept().filter((name) => name.endsWith(".part"))).toEqual([]);
});

test("a connection that ends in the middle is tried again, and half a file is never kept", async () => {
  let cuts = 2;
  const url = await repositoryWith(undefined as never, (request, response, body) => {
    if (request.url !== "/org/a/a-1.jar" || cuts === 0) return false;
    cuts -= 1;
    response.writeHead(200, { "content-length": body.length });
    response.write(body.subarray(0, 5_000), () => response.destroy());
    return true;
  });

  await download(url);

  expect(repository?.asked.filter((path) => path === "org/a/a-1.jar")).toHaveLength(3);
  expect(readFileSync(join(folder, "a-1.jar"))).toHaveLength(20_000);
});

test("after the last attempt, the error names the file and what went wrong; nothing of it is kept", async () => {
  const url = await repositoryWith(undefined as never, (_request, response, body) => {
    response.writeHead(200, { "content-length": body.length });
    response.write(body.subarray(0, 5_000), () => response.destroy());
    return true;
  });

  await expect(download(url)).rejects.toThrow(/\/org\/[abc]\/[abc]-\d\.jar could not be downloaded: /);

  expect(kept()).toEqual([]);
});

test("a repository that falls silent in the middle of a file does not hold the start for ever", async () => {
  const url = await repositoryWith(undefined as never, (_request, response, body) => {
    response.writeHead(200, { "content-length": body.length });
    response.write(body.subarray(0, 100));
    return true;
  });

  await expect(download(url, { limits: { ...limits, silenceMs: 100, attemptsMax: 2 } })).rejects.toThrow(/nothing arrived for 0\.1 s$/);
});

test("what an interrupted download has left is used again if it is whole, and replaced if it is not", async () => {
  writeFileSync(join(folder, "a-1.jar"), bodies.get("org/a/a-1.jar") ?? "");
  writeFileSync(join(folder, "b-2.jar"), "half of it");
  writeFileSync(join(folder, "c-3.jar.part"), "half of it");

  await download(await repositoryWith());

  expect([...(repository?.asked ?? [])].sort()).toEqual(["org/b/b-2.jar", "org/c/c-3.jar"]);
  expect(kept()).toEqual(["a-1.jar", "b-2.jar", "c-3.jar"]);
  expect(readFileSync(join(folder, "b-2.jar"))).toHaveLength(20_000);
});

test("a server error is tried again", async () => {
  let failures = 2;
  const url = await repositoryWith(undefined as never, (_request, response) => {
    if (failures === 0) return false;
    failures -= 1;
    response.writeHead(503).end();
    return true;
  });

  await download(url);

  expect(kept()).toHaveLength(3);
});

test("a file that is larger than the limit is not read to its end", async () => {
  const url = await repositoryWith();

  await expect(download(url, { limits: { ...limits, fileBytesMax: 1_000, attemptsMax: 1 } })).rejects.toThrow(
    /could not be downloaded: it is larger than 1000 bytes/,
  );
});

test.each([
  [401, /wants credentials: put them into RELAY_MAVEN_REPOSITORY/],
  [403, /refuses access \(HTTP 403\)/],
  [404, /does not exist: RELAY_MAVEN_REPOSITORY must name a repository that has everything of Maven Central/],
])("HTTP %i says what to do, and is not tried again", async (status, message) => {
  const url = await repositoryWith(undefined as never, (_request, response) => {
    response.writeHead(status).end();
    return true;
  });

  await expect(download(url, { limits: { ...limits, atOnceMax: 1 } })).rejects.toThrow(message);

  expect(repository?.asked).toHaveLength(1);
});

test("credentials go along as a header", async () => {
  const seen = new Set<string | undefined>();
  const url = await repositoryWith(undefined as never, (request) => {
    seen.add(request.headers.authorization);
    return false;
  });

  await download(url, { repository: { url, authorization: "Basic bWU6c2VjcmV0" } });

  expect([...seen]).toEqual(["Basic bWU6c2VjcmV0"]);
});

describe("through a proxy that the environment names", () => {
  /** Counts tunnels. */
  async function startProxy(): Promise<{ readonly url: string; readonly tunnels: () => number; readonly close: () => void }> {
    let tunnels = 0;
    const server = createServer((client) => {
      client.on("error", () => {});
      client.once("data", (head) => {
        const [, host = "", port = ""] = /^CONNECT ([^:]+):(\d+)/.exec(head.toString("latin1")) ?? [];
        tunnels += 1;
        const target = connect(Number(port), host, () => {
          client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
          client.pipe(target).pipe(client);
        });
        target.on("error", () => client.destroy());
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { readonly port: number };
    return { url: `http://127.0.0.1:${port}`, tunnels: () => tunnels, close: () => server.close() };
  }

  test("the files come through it", async () => {
    const proxy = await startProxy();

    const url = await repositoryWith();
    await download(url, { repository: { url, proxies: proxiesOf({ HTTP_PROXY: proxy.url }) ?? {} } });

    expect(kept()).toHaveLength(3);
    expect(proxy.tunnels()).toBeGreaterThan(0);
    proxy.close();
  });

  test("NO_PROXY leads around it", async () => {
    const proxy = await startProxy();

    const url = await repositoryWith();
    await download(url, { repository: { url, proxies: proxiesOf({ HTTP_PROXY: proxy.url, NO_PROXY: "127.0.0.1" }) ?? {} } });

    expect(kept()).toHaveLength(3);
    expect(proxy.tunnels()).toBe(0);
    proxy.close();
  });
});
