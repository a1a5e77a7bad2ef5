/** How a program of this project is bundled for Node: one minified ES module, with what CommonJS packages inside it need. */
import type { BuildOptions, Plugin } from "esbuild";

export const nodeProgram = {
  bundle: true,
  minify: true,
  platform: "node",
  format: "esm",
  target: "node20.19",
  // CommonJS packages inside an ES module ask for these.
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
  legalComments: "none",
  logLevel: "silent",
} as const satisfies BuildOptions;

/** Spans go through the same copy of the API as the SDK of the project, so that is loaded when it is needed. A copy that a package such as prom-client requires for itself is bundled. */
export const openTelemetryOfProject: Plugin = {
  name: "opentelemetry-of-project",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^@opentelemetry\/(api|sdk-node)$/ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path, external: true } : undefined,
    ),
};
