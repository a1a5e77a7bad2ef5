/** How a program of this project is bundled for Node: one minified ES module, with what CommonJS packages inside it need. */
import type { BuildOptions } from "esbuild";

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
