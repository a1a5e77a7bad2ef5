/** Watches the project's sources, so that the next batch is handled by the code as it was last saved. */
import { type FSWatcher, readdirSync, watch } from "node:fs";
import { join, relative } from "node:path";

const burstMs = 100;
const ignored = /^(\.|node_modules$|dist$|coverage$|docs$|__tests__$)/;
/** What a handler may import: a test imports handlers. */
const source = /(?<!\.(?:test|spec|bench|d))\.(?:[cm]?[jt]s|json)$/;
/** Systems limit how much a process may watch; a project has fewer folders of sources. */
const foldersMax = 2_000;

/**
 * Calls `onEdit` once for a burst of edits; returns a function that stops watching. Folder by folder, since a recursive watch would go through every node_modules of a
 * monorepo. Where the system cannot watch, `warn` is called.
 */
export function watchSources(folder: string, onEdit: (file: string) => void, warn: (line: string) => void): () => void {
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  let isLimited = false;

  const edited = (path: string): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      onEdit(relative(folder, path));
    }, burstMs);
  };

  const limited = (why: string): void => {
    if (!isLimited) warn(`not all edits are noticed (${why}): restart after an edit that is not`);
    isLimited = true;
  };

  function add(path: string): void {
    if (watchers.has(path)) return;
    if (watchers.size >= foldersMax) {
      limited(`more than ${foldersMax} folders`);
      return;
    }
    const watcher = watch(path, { persistent: false }, (_event, name) => {
      if (name === null || ignored.test(name)) return;
      if (source.test(name)) edited(join(path, name));
      else addFolders(path, (entry) => entry === name);
    });
    const drop = (): void => {
      watcher.close();
      watchers.delete(path);
    };
    watcher.on("error", drop);
    watchers.set(path, watcher);
    addFolders(path, () => true);
  }

  function addFolders(path: string, isWanted: (name: string) => boolean): void {
    try {
      for (const entry of readdirSync(path, { withFileTypes: true })) {
        if (entry.isDirectory() && !ignored.test(entry.name) && isWanted(entry.name)) add(join(path, entry.name));
      }
    } catch (thrown) {
      // Gone again before it was looked into; anything else is a limit of the system.
      if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") limited(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  try {
    add(folder);
  } catch (thrown) {
    limited(thrown instanceof Error ? thrown.message : String(thrown));
  }
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
  };
}
