/** `kafka-relay serve` as a process: the bundle that is installed, on a free port, with everything that it prints. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { bundleCli } from "../../../local/build/cli.js";
import { projectFolder } from "../../../local/build/service-map.js";
import { until } from "../broker/kafka.js";

const upTimeoutMs = 40_000;

export interface ServeProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  readonly output: () => string;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
  readonly end: () => Promise<number | null>;
}

let program: Promise<string> | undefined;

/** Built once per test file, into a folder of its own. */
function serveProgram(): Promise<string> {
  program ??= bundleCli(join(projectFolder, ".build", `serve-test-${process.env.VITEST_POOL_ID ?? "0"}`)).then(
    (files) => files.find((file) => file.endsWith("serve.js")) ?? "",
  );
  return program;
}

export async function spawnServe(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd = projectFolder,
  program?: string,
): Promise<Omit<ServeProcess, "port" | "url">> {
  const child = spawn(process.execPath, [program ?? (await serveProgram()), "serve", "--port", "0", ...args], {
    cwd,
    env: { PATH: process.env.PATH, KAFKA_BROKERS: process.env.KAFKA_BROKERS, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    child,
    pid: child.pid ?? 0,
    output: () => text,
    ended,
    end: () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      return ended;
    },
  };
}

/** Starts it and waits until it listens. */
export async function startServe(
  args: readonly string[] = ["--access", "everything"],
  env: NodeJS.ProcessEnv = {},
  cwd = projectFolder,
  program?: string,
): Promise<ServeProcess> {
  const started = await spawnServe(args, env, cwd, program);
  const port = (): number =>
    Number(/Listening on http:\/\/[^\s"]*:(\d+)|"url":"http:\/\/[^"]*:(\d+)"/.exec(started.output())?.slice(1).find(Boolean) ?? 0);
  await until(() => port() > 0 || started.child.exitCode !== null, upTimeoutMs);
  if (port() === 0) throw new Error(`It did not start:\n${started.output()}`);
  return { ...started, port: port(), url: `http://127.0.0.1:${port()}` };
}

interface RawConnection {
  readonly socket: Socket;
  readonly send: (text: string | Buffer) => void;
  /** All that has been received. */
  readonly received: () => string;
  readonly isClosed: () => boolean;
}

/** A socket without an HTTP client, for what no client would send. */
export async function connectRaw(port: number): Promise<RawConnection> {
  const socket = createConnection(port, "127.0.0.1");
  let text = "";
  let isClosed = false;
  socket.on("data", (chunk) => (text += chunk.toString("latin1")));
  socket.on("error", () => {});
  socket.once("close", () => {
    isClosed = true;
  });
  await once(socket, "connect");
  return { socket, send: (data) => void (socket.writable && socket.write(data)), received: () => text, isClosed: () => isClosed };
}
