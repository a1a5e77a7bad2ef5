/** Where the Docker tests put things: what ends with the run, and what later runs can use again. */
import { join } from "node:path";
import { runFolder } from "../run/run-folder.js";

const dataFolder = join(import.meta.dirname, "../../../.data");

export function dockerFolders(): { readonly run: string; readonly kept: string; readonly jars: string } {
  return { run: join(runFolder(), "docker"), kept: join(dataFolder, "docker"), jars: join(dataFolder, "jars") };
}
