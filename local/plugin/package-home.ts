/**
 * The plugin in a project that has the npm package, `plugins: [kafka-relay/serverless]`: the API's functions are built in the package; routes and sources are the
 * project's, and bundled with its esbuild.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { withoutUnusedRequests } from "../build/unused-requests.js";
import { zip } from "../build/zip.js";
import type { Framework, Home, PluginClass } from "./framework.js";
import { KafkaRelayPlugin } from "./plugin.js";

const bundleTarget = "node20.19";
const optionalPackages = ["jsonata", "mysql2", "pg"];

export class PluginInPackage extends KafkaRelayPlugin {
  constructor(serverless: Framework, options: unknown, tools: unknown) {
    super(serverless, options, tools, packageHome(serverless.serviceDir));
  }
}

/** The plugin is `dist/plugin/plugin.cjs` of the package. */
const dist = join(import.meta.dirname, "..");

function packageHome(folder: string): Home {
  const project = createRequire(join(folder, "package.json"));
  const isOfProject = (file: string): boolean => !file.startsWith("..") && !file.includes("node_modules/");
  return {
    apiFolder: relative(folder, join(dist, "cjs/functions")).replaceAll("\\", "/"),
    hasWholeService: false,
    triggerPlugin: () => (createRequire(join(dist, "package.json"))("./trigger/main.cjs") as { readonly default: PluginClass }).default,
    // Without the file's extension, from the service's folder: as Lambda loads it.
    load: async (file) => project(isOfProject(file) ? await bundle(folder, project, file) : join(folder, `${file}.js`)),
    build: async (functions) => {
      const built = functions.map(async ({ key, handler, apiFile }) => {
        const deployed =
          apiFile === undefined
            ? { artifact: await zipOfProject(folder, project, handler, key), handler }
            : { artifact: join(dist, "plugin/zips", `${key}.zip`), handler: `functions/${apiFile}.handler` };
        return [key, deployed] as const;
      });
      return new Map(await Promise.all(built));
    },
  };
}

async function zipOfProject(folder: string, project: NodeJS.Require, handler: string, key: string): Promise<string> {
  const file = handler.replace(/\.[^./]+$/, "");
  const zipped = await zip([{ name: `${file}.js`, bytes: readFileSync(await bundle(folder, project, file)) }]);
  const path = join(folder, ".build/zips", `${key}.zip`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, zipped);
  return path;
}

/** One CommonJS file of a route or a source and everything it imports. Returns its path. */
async function bundle(folder: string, project: NodeJS.Require, file: string): Promise<string> {
  const { build } = esbuildOf(project);
  const outfile = join(folder, ".build/bundles", `${file}.cjs`);
  const entry = ["ts", "mts", "js", "mjs", "cjs"].map((ending) => `${file}.${ending}`).find((name) => existsSync(join(folder, name)));
  await build({
    absWorkingDir: folder,
    entryPoints: [entry ?? `${file}.ts`],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    target: bundleTarget,
    plugins: [withoutUnusedRequests],
    // Packages that only some targets need are left out where they are not installed.
    external: ["@aws-sdk/*", "@smithy/*", "pg-native", ...optionalPackages.filter((name) => !isInstalled(project, name))],
    logLevel: "silent",
  });
  return outfile;
}

function isInstalled(project: NodeJS.Require, name: string): boolean {
  try {
    project.resolve(name);
    return true;
  } catch {
    return false;
  }
}

function esbuildOf(project: NodeJS.Require): typeof import("esbuild") {
  try {
    return project("esbuild") as typeof import("esbuild");
  } catch {
    throw new Error("The package esbuild is not installed. It bundles the routes. Install it with: npm install --save-dev esbuild");
  }
}
