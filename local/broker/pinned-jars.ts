/** The checksums of what can be downloaded without Maven. `npx tsx local/broker/pin-jars.ts` writes them again after a version has changed. */
import type { PinnedFiles } from "./download.js";
import pinned from "./pinned-jars.generated.json" with { type: "json" };

/** @param what a folder below `.data/jars`. */
export function pinnedFiles(what: string): PinnedFiles | undefined {
  return (pinned as Readonly<Record<string, PinnedFiles>>)[what];
}
