/** Watches the project's sources, so that a saved edit is what the next batch meets. */
import { type FSWatcher, readdirSync, watch } from "node:fs";
import { join } from "node:path";

const debounceMs = 100;
const ignored = /^(\.|node_modules$|dist$|coverage$)/;
const source = /\.(?:[cm]?[jt]s|json)$/;

/** Calls once for a burst of edits; gives the way to stop. Where the system cannot watch, nothing is watched, and that is said. */
export function watchSources(folder: string, onEdit: (file: string) => void, warn: (line: string) => void): () => void {
  const watchers: FSWatcher[] = [];
  let timer: NodeJS.Timeout | undefined;
  const edited = (file: string | null) => {
    if (file === null || !source.test(file) || /(^|[\\/])(node_modules|\.[^\\/]+|dist)[\\/]/.test(file)) return;
    clearTimeout(timer);
    timer = setTimeout(() => onEdit(file), debounceMs);
  };
  const add = (path: string, recursive: boolean) => {
    const watcher = watch(path, { recursive, persistent: false }, (_event, file) => edited(file));
    watcher.on("error", () => watcher.close());
    watchers.push(watcher);
  };
  try {
    add(folder, false);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory() && !ignored.test(entry.name)) add(join(folder, entry.name), true);
    }
  } catch (thrown) {
    warn(`edits are not noticed here (${thrown instanceof Error ? thrown.message : thrown}): restart after one`);
  }
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
