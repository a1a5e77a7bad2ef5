/** `npm start` as a person runs it, in a data folder and on ports of its own. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { hasEnded, identityOf } from "../../../local/processes/identity.js";
import { freePorts } from "../../../local/processes/ports.js";
import { endsWithRun, runFolder } from "./run-folder.js";

const root = join(import.meta.dirname, "../../..");
const upTimeoutMs = 150_000;
const endTimeoutMs = 60_000;
const pollMs = 100;

/** Where a start lives: it can be started there again and again. */
export interface Home {
  readonly env: NodeJS.ProcessEnv;
  readonly ports: {
    readonly http: number;
    readonly broker: number;
    readonly sql: number;
    readonly lambda: number;
    readonly webhook: number;
    readonly registry: number;
  };
  readonly api: string;
  readonly remove: () => Promise<void>;
}

export interface Program {
  /** Everything it has printed, without colours. */
  readonly output: () => string;
  readonly pid: number;
  /** Waits until it has printed that. */
  readonly printed: (pattern: RegExp, withinMs?: number) => Promise<void>;
  /** Ctrl-C: the whole foreground group gets it, as from a terminal. */
  readonly interrupt: () => void;
  /** kill -9 of the program and everything below it, brokers included. */
  readonly killTree: () => Promise<void>;
  readonly ended: (withinMs?: number) => Promise<number | null>;
}

export async function createHome(variables: NodeJS.ProcessEnv = {}): Promise<Home> {
  // In the run's folder: whatever a test leaves running there is ended with the run.
  const folder = mkdtempSync(join(runFolder(), "home-"));
  const jars = join(root, ".data/jars");
  mkdirSync(jars, { recursive: true });
  // All brokers share the jars; everything else belongs to this home.
  symlinkSync(jars, join(folder, "jars"));
  const [http = 0, lambda = 0, sql = 0, webhook = 0, broker = 0, , registry = 0, status = 0, aws = 0] = await freePorts(9);
  const { KAFKA_BROKERS: _, KAFKA_CREATE_TOPICS: __, ...env } = process.env;
  return {
    env: {
      ...env,
      RELAY_DATA_FOLDER: folder,
      RELAY_BROKER: "maven",
      RELAY_BROKER_PORT: String(broker),
      RELAY_HTTP_PORT: String(http),
      RELAY_LAMBDA_PORT: String(lambda),
      RELAY_SQL_PORT: String(sql),
      RELAY_WEBHOOK_PORT: String(webhook),
      RELAY_REGISTRY_PORT: String(registry),
      RELAY_STATUS_PORT: String(status),
      RELAY_AWS_PORT: String(aws),
      ...variables,
    },
    ports: { http, broker, sql, lambda, webhook, registry },
    api: `http://127.0.0.1:${http}`,
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** `npm run <script>`, in a session of its own. */
export function npmRun(script: string, { env }: Pick<Home, "env">, args: readonly string[] = []): Program {
  const child = spawn("npm", ["run", script, "--", ...args], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  if (child.pid !== undefined) endsWithRun("npm", child.pid);
  return programOf(child);
}

/** Waits until everything is up. */
export async function npmStart(home: Home, args: readonly string[] = []): Promise<Program> {
  const program = npmRun("start", home, args);
  await program.printed(/Ctrl-C stops everything/, upTimeoutMs);
  return program;
}

function programOf(child: ChildProcess): Program {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are taken off
      text += chunk.toString("utf8").replace(/\u001b\[[0-9;]*m/g, "");
    });
  }
  const pid = child.pid ?? 0;
  const closed = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  let hasClosed = false;
  void closed.then(() => {
    hasClosed = true;
  });
  return {
    pid,
    output: () => text,
    printed: async (pattern, withinMs = 60_000) => {
      const until = Date.now() + withinMs;
      while (!pattern.test(text)) {
        if (hasClosed) throw new Error(`it ended before it printed ${pattern}:\n${text}`);
        if (Date.now() > until) throw new Error(`it did not print ${pattern} within ${withinMs} ms:\n${text}`);
        await wait(pollMs);
      }
    },
    interrupt: () => process.kill(-pid, "SIGINT"),
    killTree: async () => {
      const identities = treeOf(pid).flatMap((one) => identityOf(one) ?? []);
      for (const identity of identities) process.kill(identity.pid, "SIGKILL");
      for (const identity of identities) await hasEnded(identity, endTimeoutMs);
      await closed;
    },
    ended: async (withinMs = endTimeoutMs) => {
      const code = await Promise.race([closed, wait(withinMs, "late" as const, { ref: false })]);
      if (code === "late") throw new Error(`it did not end within ${withinMs} ms:\n${text}`);
      return code;
    },
  };
}

/** The process and all that were started by it or by those, also in groups of their own. */
export function treeOf(root: number): readonly number[] {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/).map(Number));
  const tree = [root];
  for (const pid of tree) tree.push(...rows.filter(([, parent]) => parent === pid).map(([child = 0]) => child));
  return tree;
}

/** Polls until it holds. */
export async function until(what: string, holds: () => Promise<boolean> | boolean, withinMs = 60_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await wait(pollMs);
  }
}
