/** The process as the commands see it: its streams, its environment, and one signal for Ctrl-C and SIGTERM. */
import type { World } from "./cli.js";

/** One Ctrl-C arrives twice: from the terminal, and again from npm, which forwards it. Both count as one. */
const sameInterruptionMs = 1_000;

export function createWorld(env: NodeJS.ProcessEnv): World {
  const interruption = new AbortController();
  let interruptedAtMs: number | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      const nowMs = Date.now();
      // A second Ctrl-C exits at once.
      if (interruptedAtMs !== undefined && nowMs - interruptedAtMs > sameInterruptionMs) process.exit(130);
      interruptedAtMs ??= nowMs;
      interruption.abort();
    });
  }
  return { env, stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, interrupted: interruption.signal };
}
