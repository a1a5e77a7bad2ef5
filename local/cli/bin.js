#!/usr/bin/env node
// Starts the program: from source (with tsx) in a clone, otherwise from the bundle that `npx tsx local/build/cli.ts` builds.
import { existsSync } from "node:fs";

// `serve` has a bundle of its own, which starts faster.
const bundle = new URL(process.argv[2] === "serve" ? "./dist/serve.js" : "./dist/main.js", import.meta.url);

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
  console.error(
    "error: kafka-relay is not built (local/cli/dist is missing) and its development dependencies are not installed. Run npm install.",
  );
  process.exitCode = 1;
}
