/** Where the built page of the console is: above the code that offers it, in the project's folder, in the npm package, in a function's zip, or beside a bundle of `serve`. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

const pageFolder = ".build/console-page";
const levelsMax = 4;

/** @param start the folder of the code; unknown in a bundle that another project makes. Where the page was not built, the folder that is returned does not exist. */
export function consolePageFolderOf(start: string = process.cwd()): string {
  let folder = start;
  for (let level = 0; level < levelsMax && !existsSync(join(folder, pageFolder)); level++) folder = dirname(folder);
  return join(folder, pageFolder);
}
