#!/usr/bin/env node
// Starts the command line of the installed package. With tsx installed, routes and sources may be TypeScript.
try {
  const { register } = await import("tsx/esm/api");
  register();
} catch {
  // The project has no tsx: its routes are JavaScript.
}

// `serve` has a bundle of its own, which starts faster.
await import(process.argv[2] === "serve" ? "./serve.js" : "./main.js");
