/** AWS on this machine for the tests of AWS targets: MiniStack in a Python environment of its own under `.data/`; undefined, and said at the end of the run, where Python 3 is missing. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { freePorts } from "../../../local/processes/ports.js";
import { pythonEnvironment } from "../../../local/processes/python.js";
import { didNotRun } from "../run/did-not-run.js";
import { endsWithRun } from "../run/run-folder.js";

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

/** Starts one on a free loopback port, and sets the credentials that the targets' own clients look for. `what` is reported where it cannot run. */
export async function startMiniStack(what: string): Promise<MiniStack | undefined> {
  const environment = await pythonEnvironment("ministack", version);
  if ("missing" in environment) {
    didNotRun(what, environment.missing);
    return undefined;
  }
  const [port = 0] = await freePorts(1);
  const child = spawn(join(environment.folder, "bin/hypercorn"), ["-b", `127.0.0.1:${port}`, "ministack_app:app"], {
    stdio: "ignore",
    // It serves from a process of its own below this one: the group is ended as one, also by the run's leash.
    detached: true,
    cwd: environment.folder,
    env: {
      ...process.env,
      PYTHONPATH: import.meta.dirname,
      PYTHONDONTWRITEBYTECODE: "1",
      MINISTACK_HOST: "127.0.0.1",
      GATEWAY_PORT: String(port),
      EDGE_PORT: String(port),
    },
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
