/** A serverless project of a stranger's in a folder of its own, and `serverless offline` in it as that person runs it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { freePorts } from "../../../local/processes/ports.js";
import { until } from "../broker/kafka.js";

const root = join(import.meta.dirname, "../../..");
const serverless = join(root, "node_modules/serverless/bin/serverless.js");
const pluginName = "serverless-offline-kafka-trigger";
const endTimeoutMs = 60_000;

export interface OfflineProject {
  readonly folder: string;
  readonly statusUrl: string;
  readonly write: (file: string, text: string) => void;
  /** What handlers have noted with `note(...)`: one JSON value a line of notes.jsonl. */
  readonly notes: () => readonly unknown[];
  /** serverless.yml around these functions; `custom` is the kafkaTrigger section, `more` goes to the top level. */
  readonly configure: (functions: object, custom?: object, more?: object) => void;
  /** `serverless <args>`, for example `offline start`. */
  readonly run: (args: readonly string[], env?: NodeJS.ProcessEnv) => OfflineRun;
  readonly remove: () => void;
}

export interface OfflineRun {
  readonly output: () => string;
  readonly printed: (pattern: RegExp, limitMs?: number) => Promise<void>;
  /** Waits until it holds; fails at once where the process has ended before. */
  readonly until: (holds: () => boolean | Promise<boolean>, limitMs?: number) => Promise<void>;
  readonly signal: (name: NodeJS.Signals) => void;
  readonly ended: () => Promise<number | null>;
}

interface OfflineProjectOptions {
  /** Where node_modules/serverless-offline-kafka-trigger leads; this repository's folder by default. */
  readonly plugin?: string;
  readonly type?: "module" | "commonjs";
}

export async function createOfflineProject(options: OfflineProjectOptions = {}): Promise<OfflineProject> {
  const { plugin = join(root, "local/kafka-trigger"), type = "module" } = options;
  const folder = mkdtempSync(join(tmpdir(), "kafka-trigger-"));
  const [http = 0, lambda = 0, websocket = 0, status = 0] = await freePorts(4);
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  mkdirSync(join(folder, "node_modules"));
  // What a project installs, without installing it again for each test.
  for (const name of ["serverless", "serverless-offline", "tsx"])
    symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  symlinkSync(plugin, join(folder, "node_modules", pluginName));
  write("package.json", JSON.stringify({ name: "stranger", private: true, type }));
  write("notes.jsonl", "");
  const children = new Set<ChildProcess>();
  return {
    folder,
    statusUrl: `http://127.0.0.1:${status}/_kafka-trigger`,
    write,
    notes: () => {
      const lines = readFileSync(join(folder, "notes.jsonl"), "utf8").split("\n");
      return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as unknown);
    },
    configure: (functions, custom = {}, more = {}) =>
      write(
        "serverless.yml",
        stringify({
          service: "stranger",
          frameworkVersion: "^4",
          plugins: [pluginName, "serverless-offline"],
          provider: { name: "aws", region: "eu-west-1", runtime: "nodejs24.x" },
          custom: {
            kafkaTrigger: { statusPort: status, ...custom },
            "serverless-offline": { httpPort: http, lambdaPort: lambda, websocketPort: websocket, noSponsor: true },
          },
          functions,
          ...more,
        }),
      ),
    run: (args, env = {}) => {
      const child = spawn(process.execPath, [serverless, ...args], {
        cwd: folder,
        env: { ...process.env, SLS_NOTIFICATIONS_MODE: "off", SLS_TELEMETRY_DISABLED: "1", NO_COLOR: "1", ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      children.add(child);
      return watchRun(child);
    },
    remove: () => {
      for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function watchRun(child: ChildProcess): OfflineRun {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  const closed = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  const untilHere = async (holds: () => boolean | Promise<boolean>, limitMs = 90_000): Promise<void> => {
    await until(async () => {
      if (await holds()) return true;
      if (child.exitCode !== null) throw new Error("it has ended");
      return false;
    }, limitMs).catch((cause: unknown) => {
      throw new Error(`${cause}\n${text}`, { cause });
    });
  };
  return {
    output: () => text,
    until: untilHere,
    printed: (pattern, limitMs) => untilHere(() => pattern.test(text), limitMs),
    signal: (name) => void child.kill(name),
    ended: async () => {
      const late = new Promise<never>((_, reject) => {
        setTimeout(() => reject(new Error(`it did not end:\n${text}`)), endTimeoutMs).unref();
      });
      return Promise.race([closed, late]);
    },
  };
}

/** A handler module that notes each value it is given, before `then`. `then` sees `event` and `values`. */
export function notingHandler(then = "", syntax: "esm" | "cjs" = "esm"): string {
  const head = syntax === "esm" ? 'import { appendFileSync } from "node:fs";' : 'const { appendFileSync } = require("node:fs");';
  const name = syntax === "esm" ? "export const handler =" : "exports.handler =";
  return `${head}
const note = (value) => appendFileSync("notes.jsonl", JSON.stringify(value) + "\\n");
${name} async (event, context) => {
  const values = Object.values(event.records).flat().map(({ value }) => Buffer.from(value ?? "", "base64").toString());
  for (const value of values) note(value);
  ${then}
};
`;
}
