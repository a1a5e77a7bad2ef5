/** The AWS of `npm start`, for the queues and streams that sources read: the one that AWS_ENDPOINT_URL names, or MiniStack where Python 3 can run it. */

import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { LocalSettings } from "../broker/settings.js";
import { holderOf, holderWords } from "../processes/ports.js";
import { pythonEnvironment } from "../processes/python.js";
import { startGroup } from "./process-group.js";

export interface ProvidedAws {
  readonly endpoint: string;
  readonly region: string;
  readonly what: string;
  /** It is empty when it starts, so declared queues, streams and tables are created in it. */
  readonly isOurs: boolean;
  /** For functions. Any credentials will do. */
  readonly variables: Readonly<Record<string, string>>;
  readonly stop?: () => Promise<void>;
}

/** Why there is none, as a sentence. */
interface MissingAws {
  readonly missing: string;
}

interface AwsWishes {
  /** A source reads a queue or a stream. */
  readonly isNeeded: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
}

/** https://pypi.org/project/ministack/ */
const version = "1.5.33";
const regionDefault = "us-east-1";
const readyWithinMs = 60_000;
const pollMs = 100;

/** Undefined: no source needs it. */
export async function provideAws(
  settings: Pick<LocalSettings, "awsPort">,
  runFolder: string,
  { isNeeded, env, say }: AwsWishes,
): Promise<ProvidedAws | MissingAws | undefined> {
  if (!isNeeded) return undefined;
  const { AWS_ENDPOINT_URL: given, AWS_REGION: region = regionDefault } = env;
  const variables = {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: env.AWS_ACCESS_KEY_ID ?? "test",
    AWS_SECRET_ACCESS_KEY: env.AWS_SECRET_ACCESS_KEY ?? "test",
  };
  if (given === "") return { missing: "Queues and streams are not read, because AWS_ENDPOINT_URL is empty." };
  if (given !== undefined) {
    return { endpoint: given, region, what: "the AWS that AWS_ENDPOINT_URL names", isOurs: false, variables };
  }
  say("Starting an emulated AWS (MiniStack) for queues and streams; the first time, pip installs it ...");
  const environment = await pythonEnvironment("ministack", version);
  if ("missing" in environment) {
    return {
      missing: `Queues and streams are not read: ${environment.missing}. Install Python 3 with venv, or start an emulated AWS and name it: AWS_ENDPOINT_URL=http://127.0.0.1:4566 npm start`,
    };
  }
  const { awsPort } = settings;
  await assertFree(awsPort);
  const endpoint = `http://127.0.0.1:${awsPort}`;
  const stop = await startMiniStackProcess(environment.folder, endpoint, awsPort, runFolder);
  return {
    endpoint,
    region,
    what: `MiniStack ${version}, whose data ends with it`,
    isOurs: true,
    variables: { ...variables, AWS_ENDPOINT_URL: endpoint },
    stop,
  };
}

async function assertFree(port: number): Promise<void> {
  const holder = await holderOf(port);
  if (holder === undefined) return;
  throw new Error(
    `Port ${port} is in use ${holderWords(holder)}. The emulated AWS needs it. Either\n  - stop that program,\n  - use it, if it is an emulated AWS: AWS_ENDPOINT_URL=http://127.0.0.1:${port} npm start, or\n  - use another port: RELAY_AWS_PORT=${port + 10_000} npm start`,
  );
}

async function startMiniStackProcess(folder: string, endpoint: string, port: number, runFolder: string): Promise<() => Promise<void>> {
  const group = startGroup({
    name: "aws",
    command: join(folder, "bin/hypercorn"),
    args: ["-b", `127.0.0.1:${port}`, "ministack.app:app"],
    cwd: folder,
    env: { ...process.env, MINISTACK_HOST: "127.0.0.1", GATEWAY_PORT: String(port), EDGE_PORT: String(port) },
    runFolder,
    onLine: () => undefined,
  });
  let lastLines: readonly string[] | undefined;
  void group.ended.then((ending) => {
    lastLines = ending.lastLines;
  });
  const untilMs = Date.now() + readyWithinMs;
  while (Date.now() < untilMs) {
    if (lastLines !== undefined) throw new Error(`MiniStack did not start:\n  ${lastLines.slice(-10).join("\n  ")}`);
    const answer = await fetch(`${endpoint}/_ministack/health`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
    if (answer !== undefined && answer.status < 500) return group.stop;
    await wait(pollMs);
  }
  await group.stop();
  throw new Error(`MiniStack did not answer on port ${port} within ${readyWithinMs / 1_000} s.`);
}
