/**
 * A leash: what this process starts ends with it, however it ends. A small shell waits for our end of a pipe to close, which the kernel sees to even
 * after kill -9, and then ends every process whose number stands on the first line of a `*.pid` file below a folder; a negative number is a whole group.
 */
import { spawn } from "node:child_process";

export interface Leash {
  /** Lets go without ending anything. */
  readonly drop: () => void;
}

const script = `
while read -r _; do :; done
find "$1" -name '*.pid' -type f | while read -r file; do
  pid="$(head -n 1 "$file")"
  kill -s "$2" -- "$pid" 2>/dev/null
  kill -s CONT -- "$pid" 2>/dev/null
done
`;

/** From now on, the processes named by `*.pid` files below `folder` get `signal` when this process has ended. */
export function leash(folder: string, signal: "KILL" | "TERM" = "KILL"): Leash {
  // A session of its own: Ctrl-C in a terminal goes to the whole group, and must not end the one that cleans up after it.
  const child = spawn("sh", ["-c", script, "leash", folder, signal], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  child.unref();
  const { stdin } = child;
  // The pipe alone must not keep us alive.
  (stdin as unknown as { unref?: () => void }).unref?.();
  return {
    drop: () => {
      child.kill("SIGKILL");
    },
  };
}
