/**
 * `kafka-relay serve` with the routes of a project, as a folder that needs only Node: `serve.js`, the routes beside it, serverless.yml, and the page of the console. What they share is in files of
 * its own. Container images hold this folder.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { build } from "esbuild";
import { routesFolder } from "../cli/routes/route-files.js";
import { buildConsole } from "./console.js";
import { nodeProgram, openTelemetryOfProject } from "./node-program.js";
import { projectFolder } from "./service-map.js";

interface ServeBuild {
  /** The project with the routes. */
  readonly folder: string;
  readonly outFolder: string;
}

/** The AWS SDK is installed beside it where a target needs it; pg asks for its native form but works without it. */
const external = ["@aws-sdk/*", "@smithy/*", "pg-native", "tsx", "esbuild"];

export async function buildServe({ folder, outFolder }: ServeBuild): Promise<void> {
  rmSync(outFolder, { recursive: true, force: true });
  mkdirSync(outFolder, { recursive: true });
  const routes = join(folder, routesFolder);
  const names = existsSync(routes) ? readdirSync(routes).filter((name) => /\.ts$/.test(name) && !/\.(d|test)\.ts$/.test(name)) : [];
  const entryPoints = [
    { in: join(projectFolder, "local/serve/main.ts"), out: "serve" },
    ...names.map((name) => ({ in: join(routes, name), out: `${routesFolder}/${name.replace(/\.ts$/, "")}` })),
  ];
  await build({
    absWorkingDir: projectFolder,
    entryPoints,
    outdir: outFolder,
    splitting: true,
    chunkNames: "lib/[name]-[hash]",
    external,
    plugins: [openTelemetryOfProject],
    ...nodeProgram,
  });
  writeFileSync(join(outFolder, "package.json"), '{ "type": "module", "private": true }\n');
  await buildConsole(join(outFolder, ".build/console-page"));
  const service = join(folder, "serverless.yml");
  if (existsSync(service)) copyFileSync(service, join(outFolder, "serverless.yml"));
}

if (import.meta.filename === process.argv[1]) {
  const outFolder = join(projectFolder, ".build/serve");
  await buildServe({ folder: process.cwd(), outFolder });
  console.log(`${relative(process.cwd(), outFolder)} holds the server and its routes: node serve.js serve --routes`);
}
