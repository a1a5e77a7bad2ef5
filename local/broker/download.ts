/** Downloads pinned files from a Maven repository without Maven. Only a whole file with the right checksum gets its name. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import type { MavenRepository, Proxies } from "./jar-source.js";

/** Paths in the standard layout of a Maven repository, with the SHA-256 of the file. */
export type PinnedFiles = Readonly<Record<string, string>>;

export interface DownloadLimits {
  readonly atOnceMax: number;
  readonly attemptsMax: number;
  /** Without a byte for so long, an attempt has failed. */
  readonly silenceMs: number;
  readonly totalMs: number;
  readonly fileBytesMax: number;
  /** Twice as long after the second attempt. */
  readonly pauseMs: number;
}

const usual: DownloadLimits = {
  atOnceMax: 4,
  attemptsMax: 3,
  silenceMs: 30_000,
  totalMs: 10 * 60_000,
  fileBytesMax: 256 * 1_048_576,
  pauseMs: 1_000,
};
const reportEveryMs = 3_000;

type Fetch = (url: string, init: { readonly headers: Record<string, string>; readonly signal: AbortSignal }) => Promise<Response>;

interface Order {
  readonly files: PinnedFiles;
  readonly repository: MavenRepository;
  /** What an interrupted run has left here is used again, if its checksum is right. */
  readonly folder: string;
  readonly progress: (line: string) => void;
  readonly limits?: DownloadLimits;
}

/** Rejects with a sentence that names the file, where it came from, and what would be right. */
export async function downloadPinned({ files, repository, folder, progress, limits = usual }: Order): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const get = await fetchThroughProxy(repository.proxies);
  const ending = new AbortController();
  const total = setTimeout(
    () => ending.abort(new Error(`The download took longer than ${limits.totalMs / 60_000} minutes.`)),
    limits.totalMs,
  );
  let done = 0;
  const reports = setInterval(() => progress(`  ${done} of ${Object.keys(files).length} files downloaded`), reportEveryMs);
  const queue = Object.entries(files).values();
  const work = async (): Promise<void> => {
    for (const [path, sha256] of queue) {
      await provideFile({ path, sha256, file: join(folder, basename(path)), repository, get, limits, ending: ending.signal });
      done += 1;
    }
  };
  const workers = Array.from({ length: limits.atOnceMax }, () =>
    work().catch((error) => {
      ending.abort(error);
    }),
  );
  await Promise.all(workers);
  clearTimeout(total);
  clearInterval(reports);
  if (ending.signal.aborted) throw ending.signal.reason;
}

interface FileOrder {
  readonly path: string;
  readonly sha256: string;
  readonly file: string;
  readonly repository: MavenRepository;
  readonly get: Fetch;
  readonly limits: DownloadLimits;
  readonly ending: AbortSignal;
}

async function provideFile(order: FileOrder): Promise<void> {
  const { file, sha256, limits, ending } = order;
  if (existsSync(file) && (await sha256Of(file)) === sha256) return;
  for (let attempt = 1; ; attempt += 1) {
    ending.throwIfAborted();
    try {
      return await fetchFile(order);
    } catch (error) {
      if (!(error instanceof WorthAnotherTry) || attempt >= limits.attemptsMax) throw error;
    }
    await wait(limits.pauseMs * attempt);
  }
}

class WorthAnotherTry extends Error {
  override readonly name = "WorthAnotherTry";
}

async function fetchFile({ path, sha256, file, repository, get, limits, ending }: FileOrder): Promise<void> {
  const url = `${repository.url}/${path}`;
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error(`nothing arrived for ${limits.silenceMs / 1000} s`)), limits.silenceMs);
  const part = `${file}.part`;
  const hash = createHash("sha256");
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      timer.refresh();
      hash.update(chunk);
      bytes += chunk.length;
      done(bytes > limits.fileBytesMax ? new Error(`it is larger than ${limits.fileBytesMax} bytes`) : null, chunk);
    },
  });
  try {
    const headers = repository.authorization === undefined ? {} : { authorization: repository.authorization };
    const response = await get(url, { headers, signal: AbortSignal.any([silence.signal, ending]) });
    assertFound(response, url);
    await pipeline(Readable.fromWeb(response.body as import("node:stream/web").ReadableStream), measure, createWriteStream(part));
    const found = hash.digest("hex");
    if (found !== sha256) {
      throw new Error(
        `${url} has the SHA-256 ${found}, but ${sha256} is expected. The file was not kept. Use another repository: RELAY_MAVEN_REPOSITORY.`,
      );
    }
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    if (isOfFile(error)) throw error;
    throw new WorthAnotherTry(`${url} could not be downloaded: ${reasonOf(silence.signal.aborted ? silence.signal.reason : error)}`);
  } finally {
    clearTimeout(timer);
  }
}

/** Answers that say something of the file; everything else is the network's, which may work the next time. */
const isOfFile = (error: unknown): boolean => error instanceof WorthAnotherTry || /^https?:/.test((error as Error).message);

function assertFound({ status, ok, body }: Response, url: string): void {
  if (ok && body !== null) return;
  if (status === 408 || status === 429 || status >= 500) throw new WorthAnotherTry(`${url} could not be downloaded: HTTP ${status}`);
  const why: Readonly<Record<number, string>> = {
    401: "wants credentials: put them into RELAY_MAVEN_REPOSITORY (https://user:password@host/path) or into Maven's settings.xml",
    403: "refuses access",
    404: "does not exist: RELAY_MAVEN_REPOSITORY must name a repository that has everything of Maven Central",
  };
  throw new Error(`${url} ${why[status] ?? "was not answered with a file"} (HTTP ${status})`);
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error && cause.message !== "" ? cause.message : message;
}

/** Node's own fetch ignores the variables for proxies before version 24: https://nodejs.org/docs/latest/api/cli.html#node_use_env_proxy1 */
async function fetchThroughProxy(proxies: Proxies | undefined): Promise<Fetch> {
  if (proxies === undefined) return fetch;
  const undici = await import("undici");
  const dispatcher = new undici.EnvHttpProxyAgent(proxies);
  return (url, init) => undici.fetch(url, { ...init, dispatcher }) as unknown as Promise<Response>;
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
