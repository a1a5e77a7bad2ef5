/** A MariaDB server for the tests of an outbox: the one that TEST_MYSQL_URL names, or a `mariadbd` of this machine with its data in the run's folder. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createConnection } from "mysql2/promise";
import { freePorts } from "../../../local/processes/ports.js";
import { didNotRun } from "../run/did-not-run.js";
import { endsWithRun, runFolder } from "../run/run-folder.js";

interface MariaDb {
  readonly url: string;
  readonly stop: () => void;
}

const readyWithinMs = 60_000;
const pollMs = 100;

/** Undefined, and reported at the end of the run, where there is none. */
export async function startMariaDb(): Promise<MariaDb | undefined> {
  const given = process.env.TEST_MYSQL_URL ?? "";
  if (given !== "") return { url: given, stop: () => undefined };
  const program = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"].map((folder) => join(folder, "mariadbd")).find(existsSync);
  if (program === undefined) {
    didNotRun("the outbox on MySQL", "there is no mariadbd (Debian: apt-get install mariadb-server-core) and no TEST_MYSQL_URL");
    return undefined;
  }
  const [port = 0] = await freePorts(1);
  const folder = mkdtempSync(join(runFolder(), "mariadb-"));
  // Without system tables there are no users, so nobody is asked who they are; it listens on loopback only.
  const where = [`--datadir=${folder}`, `--socket=${join(folder, "socket")}`, `--port=${port}`, "--bind-address=127.0.0.1"];
  const child = spawn(program, ["--no-defaults", ...where, "--skip-grant-tables", "--skip-name-resolve", "--user=root"], {
    stdio: "ignore",
  });
  if (child.pid !== undefined) endsWithRun("mariadb", child.pid);
  const url = `mysql://root@127.0.0.1:${port}`;
  await answers(url);
  const connection = await createConnection(url);
  await connection.query("create database outbox");
  await connection.end();
  return { url: `${url}/outbox`, stop: () => void child.kill("SIGKILL") };
}

async function answers(url: string): Promise<void> {
  const untilMs = Date.now() + readyWithinMs;
  for (;;) {
    try {
      return await (await createConnection(url)).end();
    } catch (thrown) {
      if (Date.now() > untilMs) throw thrown;
      await wait(pollMs);
    }
  }
}
