/** A Docker engine with compose for the tests: the one that answers, else one of their own, with its socket and data in a folder. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { endsWithRun } from "../run/run-folder.js";

const answerLimitMs = 60_000;
const pollMs = 100;
const stopLimitMs = 60_000;
const commandLimitMs = 10 * 60_000;
const buildLimitMs = 20 * 60_000;
/** https://github.com/docker/compose/releases */
const composeVersion = "v2.39.4";

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

export interface Engine {
  /** DOCKER_HOST and DOCKER_CONFIG, for every program that is to use this engine. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs `docker` and returns what it prints. Throws with its error output. */
  readonly docker: (args: readonly string[], options?: RunOptions) => string;
  readonly succeeds: (args: readonly string[]) => boolean;
  /** Kills the engine without a warning, or starts it again; only where it is the tests' own. */
  readonly kill: () => Promise<void>;
  readonly restart: () => Promise<void>;
  readonly isOurs: boolean;
  readonly stop: () => Promise<void>;
}

/** @param folder of this run. @param keptFolder for what later runs can use again. Throws a sentence that says what is missing. */
export async function startEngine(folder: string, keptFolder: string, progress: (line: string) => void): Promise<Engine> {
  mkdirSync(folder, { recursive: true });
  const config = join(keptFolder, "docker-config");
  const present = answers({}) ? {} : undefined;
  const environment = {
    ...(present ?? { DOCKER_HOST: `unix://${join(folder, "docker.sock")}` }),
    ...(composeAnswers({}) ? {} : { DOCKER_CONFIG: config }),
  };
  if ("DOCKER_CONFIG" in environment && !composeAnswers(environment)) buildCompose(config, keptFolder, progress);
  let daemon = present === undefined ? await startDaemon(folder, keptFolder, environment) : undefined;
  const docker: Engine["docker"] = (args, { env = {}, input } = {}) => {
    const { status, stdout, stderr, error } = spawnSync("docker", [...args], {
      encoding: "utf8",
      env: { ...process.env, ...environment, ...env },
      timeout: commandLimitMs,
      input: input ?? "",
    });
    if (status === 0) return stdout.trim();
    throw new Error(`docker ${args.join(" ")} failed: ${error?.message ?? `${stdout}${stderr}`.trim().slice(-2_000)}`);
  };
  return {
    environment,
    docker,
    succeeds: (args) => run(args, environment) === 0,
    isOurs: daemon !== undefined,
    kill: async () => {
      await ended(daemon, "SIGKILL");
    },
    restart: async () => {
      daemon = await startDaemon(folder, keptFolder, environment);
    },
    stop: async () => {
      await ended(daemon, "SIGTERM");
    },
  };
}

const run = (args: readonly string[], environment: Readonly<Record<string, string>>): number | null =>
  spawnSync("docker", [...args], { stdio: "ignore", env: { ...process.env, ...environment }, timeout: commandLimitMs }).status;
const answers = (environment: Readonly<Record<string, string>>): boolean => run(["version"], environment) === 0;
const composeAnswers = (environment: Readonly<Record<string, string>>): boolean => run(["compose", "version"], environment) === 0;

/** Images stay in the kept folder, so that later runs have them. */
async function startDaemon(folder: string, keptFolder: string, environment: Readonly<Record<string, string>>): Promise<ChildProcess> {
  if (process.getuid?.() !== 0) throw new Error("no Docker engine answers, and only root can start one");
  const log = join(folder, "dockerd.log");
  const output = openSync(log, "a");
  // What an engine that was killed has left would be taken for one that runs.
  for (const name of [
    "docker.pid",
    "docker.sock",
    "exec/containerd/containerd.pid",
    "exec/containerd/containerd.sock",
    "exec/containerd/containerd.sock.ttrpc",
  ])
    rmSync(join(folder, name), { force: true });
  const args = ["--data-root", join(keptFolder, "engine"), "--exec-root", join(folder, "exec"), "--pidfile", join(folder, "docker.pid")];
  const daemon = spawn("dockerd", ["-H", environment.DOCKER_HOST ?? "", ...args], { stdio: ["ignore", output, output], detached: true });
  if (daemon.pid !== undefined) endsWithRun("dockerd", daemon.pid);
  let failure: string | undefined;
  daemon.once("error", (error) => {
    failure = `dockerd cannot be started (${error.message}): install docker.io and iptables`;
  });
  daemon.once("exit", (code) => {
    failure ??= `dockerd ended with ${code}. Its last lines:\n${readFileSync(log, "utf8").trim().split("\n").slice(-5).join("\n")}`;
  });
  for (const endMs = Date.now() + answerLimitMs; !answers(environment); await wait(pollMs)) {
    if (failure !== undefined) throw new Error(failure);
    if (Date.now() > endMs) throw new Error(`dockerd did not answer within ${answerLimitMs / 1000} s`);
  }
  return daemon;
}

async function ended(daemon: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return;
  const exit = new Promise((resolve) => daemon.once("exit", resolve));
  // An engine that is killed takes its containerd along.
  if (signal === "SIGKILL" && daemon.pid !== undefined) process.kill(-daemon.pid, signal);
  else daemon.kill(signal);
  await Promise.race([exit, wait(stopLimitMs, undefined, { ref: false })]);
}

/** From its Go module, where Docker brings no compose. It cannot be installed by `go install`: its go.mod has exclude directives. */
function buildCompose(config: string, keptFolder: string, progress: (line: string) => void): void {
  const plugin = join(config, "cli-plugins/docker-compose");
  if (existsSync(plugin)) return;
  progress(`building Docker Compose ${composeVersion} from its Go module (a few minutes, only the first time)`);
  const goEnvironment = { ...process.env, GOPATH: join(keptFolder, "go"), GOFLAGS: "-modcacherw" };
  const go = (args: readonly string[], cwd: string): string =>
    execFileSync("go", [...args], { cwd, env: goEnvironment, encoding: "utf8", timeout: buildLimitMs, stdio: ["ignore", "pipe", "pipe"] });
  mkdirSync(keptFolder, { recursive: true });
  const name = "github.com/docker/compose/v2";
  const { Dir: source } = JSON.parse(go(["mod", "download", "-json", `${name}@${composeVersion}`], keptFolder)) as { readonly Dir: string };
  const copy = join(keptFolder, "compose-source");
  rmSync(copy, { recursive: true, force: true });
  cpSync(source, copy, { recursive: true });
  mkdirSync(dirname(plugin), { recursive: true });
  go(["build", "-ldflags", `-X ${name}/internal.Version=${composeVersion}`, "-o", plugin, "./cmd"], copy);
  chmodSync(plugin, 0o755);
  rmSync(copy, { recursive: true, force: true });
}
