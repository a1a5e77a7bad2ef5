/** The servers that the serve bench holds against each other, each in processes of its own: `kafka-relay serve`, and a `node:http` server that does nothing. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePorts } from "../../../local/processes/ports.js";
import { until } from "../../support/broker/kafka.js";
import { spawnServe } from "../../support/serve/process.js";

export interface Running {
  readonly url: string;
  /** Processor time of all its processes so far, in microseconds. */
  readonly cpuUs: () => number;
  readonly end: () => Promise<unknown>;
}

const upTimeoutMs = 40_000;

/** Quiet, so that the log costs nothing; it therefore does not say its port. */
export async function startOurs(brokers: readonly string[], workers: number): Promise<Running> {
  const [port = 0] = await freePorts(1);
  const flags = ["--access", "everything", "--log", "quiet", "--workers", String(workers), "--port", String(port)];
  const server = await spawnServe(flags, { KAFKA_BROKERS: brokers.join(",") });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${url}/ready`).catch(() => undefined))?.ok === true || server.child.exitCode !== null, upTimeoutMs);
  return { url, cpuUs: () => cpuUsOf(server.pid), end: server.end };
}

export async function startEmpty(workers: number): Promise<Running> {
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, "../clients/empty-server.mjs"), String(workers)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.stdout === null) throw new Error("The empty server has no output.");
  const [port] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return {
    url: `http://127.0.0.1:${port}`,
    cpuUs: () => cpuUsOf(child.pid ?? 0),
    end: () => {
      child.kill("SIGTERM");
      return once(child, "close");
    },
  };
}

/** Linux counts processor time in hundredths of a second (proc(5): utime and stime). */
const tickUs = 10_000;

/** Of a process and its children. NaN where the system is not Linux. */
function cpuUsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    const ofChildren = children === "" ? [] : children.split(" ").map((child) => cpuUsOf(Number(child)));
    return [(Number(fields[11]) + Number(fields[12])) * tickUs, ...ofChildren].reduce((sum, one) => sum + one, 0);
  } catch {
    return Number.NaN;
  }
}
