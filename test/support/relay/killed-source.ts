/** A source that is killed (`kill -9`) after some of its records are in Kafka. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import { until } from "../broker/kafka.js";
import { endsWithRun } from "../run/run-folder.js";
import type { SourceJob } from "./source-process.js";
import { recordsOf } from "./source-run.js";

const program = join(import.meta.dirname, "source-process.ts");
const withinMs = 60_000;

function startSource(job: SourceJob): ChildProcess {
  const child = spawn(process.execPath, ["--import", "tsx", program], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin?.end(JSON.stringify(job));
  if (child.pid !== undefined) endsWithRun("source", child.pid);
  return child;
}

/** Resolves when it is dead. */
async function killSource(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGKILL");
  await ended;
}

/** Returns how many records were in Kafka when it was killed. */
export async function killMidway(kafka: Kafka, job: SourceJob, afterRecords: number): Promise<number> {
  const child = startSource(job);
  await until(async () => (await recordsOf(kafka, job.topic)).length >= afterRecords, withinMs);
  await killSource(child);
  return (await recordsOf(kafka, job.topic)).length;
}
