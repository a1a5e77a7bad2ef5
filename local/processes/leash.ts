/**
 * A leash ends what this process started when this process ends, however it ends. A small shell waits for our end of a pipe to close, which happens even
 * after kill -9. It then ends every process whose pid is on the first line of a `*.pid` file below a folder. A negative pid names a whole group.
 */
import { spawn } from "node:child_process";

export interface Leash {
  /** Removes the leash without ending anything. */
  readonly drop: () => void;
}

interface LeashOptions {
  /** Default: KILL. */
  readonly signal?: "KILL" | "TERM";
  /** Also deletes the folder after the processes have ended. */
  readonly removes?: boolean;
}

/** A number on the second line is the start time of the process (field 22 of its stat). If the pid now belongs to another process, that process is left alone. */
const script = `
while read -r _; do :; done
find "$1" -name '*.pid' -type f | while read -r file; do
  pid="$(head -n 1 "$file")"
  began="$(sed -n 2p "$file")"
  now="$(sed 's/.*) //' "/proc/\${pid#-}/stat" 2>/dev/null | cut -d ' ' -f 20)"
  [ -n "$began" ] && [ -n "$now" ] && [ "$began" != "$now" ] && continue
  kill -s "$2" -- "$pid" 2>/dev/null
  kill -s CONT -- "$pid" 2>/dev/null
done
[ "$3" = removes ] || exit 0
for _ in 1 2 3 4 5; do
  rm -rf -- "$1" 2>/dev/null && exit 0
  sleep 1
done
`;

/** When this process has ended, the processes named by `*.pid` files below `folder` get the signal. */
export function leash(folder: string, { signal = "KILL", removes = false }: LeashOptions = {}): Leash {
  // A session of its own: Ctrl-C in a terminal reaches the whole group, and must not end the process that cleans up.
  const child = spawn("sh", ["-c", script, "leash", folder, signal, removes ? "removes" : "stays"], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  child.unref();
  // Without a shell there is no leash, but everything else works.
  child.once("error", () => {});
  const { stdin } = child;
  // The pipe must not keep this process alive.
  (stdin as unknown as { unref?: () => void }).unref?.();
  return {
    drop: () => {
      child.kill("SIGKILL");
    },
  };
}
