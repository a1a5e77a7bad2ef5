#!/usr/bin/env node
// Starts the program wherever it is installed: its bundle where one has been built, its source (by tsx) in a clone.
import { existsSync } from "node:fs";

const bundle = new URL("./dist/main.js", import.meta.url);
if (existsSync(bundle)) {
  await import(bundle.href);
} else {
  try {
    const { register } = await import("tsx/esm/api");
    register();
  } catch {
    console.error("error: kafka-relay is neither built (local/cli/dist) nor are its development dependencies installed: run npm install.");
    process.exit(1);
  }
  await import("./main.ts");
}
