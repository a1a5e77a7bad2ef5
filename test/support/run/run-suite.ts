/** Runs one suite as a process group of its own, which ends within its time, however it ends. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { endsWithRun, runFolder } from "./run-folder.js";
import { readSuiteResult, type SuiteResult } from "./suite-result.js";

const root = join(import.meta.dirname, "../../..");

interface SuiteRun {
  /** The vitest project, and the folder below test/. */
  readonly name: string;
  readonly title: string;
  readonly env: NodeJS.ProcessEnv;
  readonly limitMs: number;
  /** The program of another Node than this one. */
  readonly node?: string;
}

interface Ending {
  /** Null: a signal ended it. */
  readonly code: number | null;
  readonly wasTooLong: boolean;
}

/** Runs vitest; a suite that does not end within its time, does not start, or has no tests has failed. */
export async function runSuite({ name, title, env, limitMs, node }: SuiteRun): Promise<SuiteResult> {
  console.log(`\n== ${title}`);
  const folder = join(root, "test", name);
  const hasTests = existsSync(folder) && readdirSync(folder, { recursive: true }).some((file) => String(file).endsWith(".test.ts"));
  if (!hasTests) return readSuiteResult({ title, report: undefined, seconds: 0, fault: `test/${name} has no tests` });
  const report = join(runFolder(), `${title.replaceAll(/[^\w.]/g, "-")}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const startedMs = Date.now();
  const ending = await runNode(["node_modules/vitest/vitest.mjs", "run", "--project", name, ...reporters], env, limitMs, node);
  return readSuiteResult({ title, report, seconds: (Date.now() - startedMs) / 1000, fault: faultOf(ending, limitMs) });
}

/** Runs a Node program in the project's folder; when its time is over, it and all of its group are killed. */
export function runNode(args: readonly string[], env: NodeJS.ProcessEnv, limitMs: number, node = process.execPath): Promise<Ending> {
  return new Promise((resolve) => {
    const child = spawn(node, [...args], { cwd: root, stdio: ["ignore", "inherit", "inherit"], env, detached: true });
    if (child.pid !== undefined) endsWithRun("suite", child.pid);
    let wasTooLong = false;
    const killGroup = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // All of it has ended.
      }
    };
    const timer = setTimeout(() => {
      wasTooLong = true;
      killGroup();
    }, limitMs);
    const ended = (code: number | null) => {
      clearTimeout(timer);
      // Workers that outlived their leader.
      killGroup();
      resolve({ code, wasTooLong });
    };
    child.once("error", () => ended(1));
    child.once("exit", ended);
  });
}

function faultOf({ code, wasTooLong }: Ending, limitMs: number): string | undefined {
  if (wasTooLong) return `the suite did not end within ${limitMs / 1000} s, and was killed`;
  if (code === null) return "the suite was killed";
  return code === 0 ? undefined : `the suite ended with exit code ${code}`;
}
