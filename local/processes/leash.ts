/**
 * A leash: what this process starts ends with it, however it ends. A small shell waits for our end of a pipe to close, which the kernel sees to even
 * after kill -9, and then ends every process whose number stands on the first line of a `*.pid` file below a folder; a negative number is a whole group.
 */
import { spawn } from "node:child_process";

export interface Leash {
  /** Lets go without ending anything. */
  readonly drop: () => void;
}

export interface LeashOptions {
  /** KILL where it is not said. */
  readonly signal?: "KILL" | "TERM";
  /** Deletes the folder too, after the processes have ended. */
  readonly removes?: boolean;
}

/** A number on the second line is when that process began (the 22nd field of its stat): where another has its number by now, it is left alone. */
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

/** From now on, the processes named by `*.pid` files below `folder` get the signal when this process has ended. */
export function leash(folder: string, { signal = "KILL", removes = false }: LeashOptions = {}): Leash {
  // A session of its own: Ctrl-C in a terminal goes to the whole group, and must not end the one that cleans up after it.
  const child = spawn("sh", ["-c", script, "leash", folder, signal, removes ? "removes" : "stays"], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  child.unref();
  // A machine without a shell has no leash, and works.
  child.once("error", () => {});
  const { stdin } = child;
  // The pipe alone must not keep us alive.
  (stdin as unknown as { unref?: () => void }).unref?.();
  return {
    drop: () => {
      child.kill("SIGKILL");
    },
  };
}
