/** AWS on this machine for the tests of AWS targets: MiniStack in a Python environment of its own under `.data/`; undefined, and said at the end of the run, where Python 3 is missing. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePorts } from "../../local/processes/ports.js";
import { didNotRun } from "./did-not-run.js";
import { endsWithRun } from "./run-folder.js";

export interface MiniStack {
  readonly endpoint: string;
  /** What an SDK client needs to talk to it. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  readonly stop: () => Promise<void>;
}

const version = "1.5.33";
const region = "us-east-1";
const readyWithinMs = 60_000;
const installWithinMs = 180_000;
const root = fileURLToPath(new URL("../../", import.meta.url));
const environment = join(root, ".data", `ministack-${version}`);
const run = promisify(execFile);

/** Starts one on a free loopback port, and sets the credentials that the targets' own clients look for. `what` is told where it cannot run. */
export async function startMiniStack(what: string): Promise<MiniStack | undefined> {
  const missing = await install();
  if (missing !== undefined) {
    didNotRun(what, missing);
    return undefined;
  }
  const [port = 0] = await freePorts(1);
  const child = spawn(join(environment, "bin", "hypercorn"), ["-b", `127.0.0.1:${port}`, "ministack.app:app"], {
    stdio: "ignore",
    // It serves from a process of its own below this one: the group is ended as one, also by the run's leash.
    detached: true,
    cwd: environment,
    env: { ...process.env, MINISTACK_HOST: "127.0.0.1", GATEWAY_PORT: String(port), EDGE_PORT: String(port) },
  });
  if (child.pid !== undefined) endsWithRun("ministack", child.pid);
  const endpoint = `http://127.0.0.1:${port}`;
  const endGroup = () => process.kill(-(child.pid ?? 0), "SIGKILL");
  try {
    await ready(endpoint, child);
  } catch (thrown) {
    endGroup();
    throw thrown;
  }
  process.env.AWS_ACCESS_KEY_ID = "test";
  process.env.AWS_SECRET_ACCESS_KEY = "test";
  process.env.AWS_REGION = region;
  return {
    endpoint,
    client: { endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } },
    stop: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      endGroup();
      await ended;
    },
  };
}

/** Why it cannot be installed; undefined when it is. */
async function install(): Promise<string | undefined> {
  // Written last: an installation that was cut short is begun again.
  const installed = join(environment, "installed");
  if (existsSync(installed)) return undefined;
  try {
    await run("python3", ["--version"]);
  } catch {
    return "there is no Python 3";
  }
  try {
    await run("python3", ["-m", "venv", environment], { timeout: installWithinMs });
    await run(join(environment, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", `ministack==${version}`], {
      timeout: installWithinMs,
    });
    writeFileSync(installed, "");
    return undefined;
  } catch (thrown) {
    return `MiniStack ${version} could not be installed with pip (${String(thrown).split("\n")[0]})`;
  }
}

async function ready(endpoint: string, child: ChildProcess): Promise<void> {
  const untilMs = Date.now() + readyWithinMs;
  while (Date.now() < untilMs) {
    if (child.exitCode !== null) throw new Error(`MiniStack ended at once with ${child.exitCode}`);
    const isUp = await fetch(`${endpoint}/_ministack/health`, { signal: AbortSignal.timeout(1_000) }).then(
      (answer) => answer.status < 500,
      () => false,
    );
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`MiniStack did not answer within ${readyWithinMs} ms`);
}
