/** Where the built page of the console is: in the package's own folder, whether this runs from its sources or from its bundle. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

const levelsMax = 4;

export function consolePageFolderOf(start: string): string {
  let folder = start;
  for (let level = 0; level < levelsMax && !existsSync(join(folder, "package.json")); level++) folder = dirname(folder);
  return join(folder, ".build/console-page");
}
