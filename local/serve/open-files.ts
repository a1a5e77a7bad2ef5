/** Whether the system lets this process open as many connections as `serve` is to hold: each takes one of its open files. */
import { readFileSync } from "node:fs";

/** Node has raised the limit to the highest allowed by the time it is read. Undefined: there is none, or only another system than Linux knows it. */
export function openFilesMax(limits = ownLimits()): number | undefined {
  const text = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return text === undefined ? undefined : Number(text);
}

function ownLimits(): string {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return "";
  }
}

/** What to say when the server starts; undefined where the limit suffices. */
export function openFilesWarning(connectionsMax: number, filesMax: number | undefined): string | undefined {
  if (filesMax === undefined || filesMax >= connectionsMax) return undefined;
  return `This process may open ${filesMax} files, which is less than the ${connectionsMax} connections of RELAY_SERVE_CONNECTIONS_MAX. Raise the limit (ulimit -n), or lower RELAY_SERVE_CONNECTIONS_MAX.`;
}
