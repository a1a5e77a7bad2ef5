/** The console's page as static files with hashed names, by Vite. Nothing of it is loaded from anywhere else. */
import { join } from "node:path";
import { build } from "vite";
import { projectFolder } from "./service-map.js";

export const consolePageFolder = join(projectFolder, ".build/console-page");

export async function buildConsole(outFolder = consolePageFolder): Promise<void> {
  await build({
    configFile: false,
    root: join(projectFolder, "lib/console"),
    // Relative addresses: the server puts the path in front of them under which it offers the page.
    base: "./",
    logLevel: "warn",
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      outDir: outFolder,
      emptyOutDir: true,
      target: "es2022",
      assetsInlineLimit: 0,
      // It would write an inline script.
      modulePreload: { polyfill: false },
      cssCodeSplit: false,
      reportCompressedSize: false,
    },
  });
}

if (import.meta.filename === process.argv[1]) await buildConsole();
