/** Names of a test's own; the topics among them are deleted when its file ends. */
import { randomBytes } from "node:crypto";

const made: string[] = [];

/** A name for a topic or a group that no other test uses. */
export function uniqueName(start: string): string {
  const name = `${start}-${randomBytes(5).toString("hex")}`;
  made.push(name);
  return name;
}

/** All that were made since the last call. */
export function takeUniqueNames(): readonly string[] {
  return made.splice(0);
}
