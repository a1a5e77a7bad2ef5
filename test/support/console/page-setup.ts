/** The page of the console, built before the tests of the console begin, if its sources are newer. */
import { ensureConsoleBuild } from "../../../local/start/build.js";

export const setup = (): Promise<void> => ensureConsoleBuild((line) => console.error(line));
