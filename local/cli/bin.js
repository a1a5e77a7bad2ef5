#!/usr/bin/env node
// Starts the program wherever it is installed: its source (by tsx) in a clone, else the bundle that `npx tsx local/build/cli.ts` makes.
import { existsSync } from "node:fs";

const bundle = new URL("./dist/main.js", import.meta.url);

async function runsTypeScript() {
  try {
    const { register } = await import("tsx/esm/api");
    register();
    return existsSync(new URL("./main.ts", import.meta.url));
  } catch {
    return false;
  }
}

if (await runsTypeScript()) await import("./main.ts");
else if (existsSync(bundle)) await import(bundle.href);
else {
  console.error("error: kafka-relay is neither built (local/cli/dist) nor are its development dependencies installed: run npm install.");
  process.exitCode = 1;
}
