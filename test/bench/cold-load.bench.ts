/** What a cold produce function costs before it does anything: the size of its bundle, and the time to load it against kafkajs alone, bundled the same way. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { projectFolder } from "../../local/build/service-map.js";
import type { Bench, BenchRow } from "./bench.js";

const kilobytesMax = 330;
const loadRatioMax = 1.5;
const msPerLoad = 250;
const loadsMin = 5;

export const bench: Bench = {
  name: "cold-load",
  run: async ({ secondsPerRow }) => {
    const folder = mkdtempSync(join(tmpdir(), "kafka-relay-cold-"));
    try {
      const ours = await bundle(folder, "ours", join(projectFolder, "functions/produce.ts"));
      const entry = join(folder, "kafkajs-entry.js");
      writeFileSync(entry, `module.exports = require(${JSON.stringify(join(projectFolder, "node_modules/kafkajs"))});\n`);
      const theirs = await bundle(folder, "theirs", entry);
      const loads = Math.max(loadsMin, Math.round((secondsPerRow * 1000) / msPerLoad / 2));
      const times = { ours: [] as number[], theirs: [] as number[] };
      for (let load = 0; load < loads; load++) {
        times.ours.push(loadMs(ours));
        times.theirs.push(loadMs(theirs));
      }
      return [sizeRow(statSync(ours).size, statSync(theirs).size), loadRow(median(times.ours), median(times.theirs))];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function bundle(folder: string, name: string, entryPoint: string): Promise<string> {
  const outfile = join(folder, `${name}.cjs`);
  await build({
    absWorkingDir: projectFolder,
    entryPoints: [entryPoint],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    target: "node20.19",
    external: ["@aws-sdk/*", "@smithy/*"],
    logLevel: "silent",
  });
  return outfile;
}

/** In a process of its own. The AWS SDK must not be among what is loaded. */
function loadMs(path: string): number {
  const script = `const from = performance.now(); require(${JSON.stringify(path)}); const took = performance.now() - from;
    if (Object.keys(require.cache).some((file) => file.includes("@aws-sdk"))) throw new Error("The AWS SDK was loaded.");
    process.stdout.write(String(took));`;
  return Number(execFileSync(process.execPath, ["-e", script], { encoding: "utf8" }));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function sizeRow(ours: number, theirs: number): BenchRow {
  const kilobytes = ours / 1000;
  return {
    what: "produce function, bundle",
    ours: kilobytes,
    theirs: theirs / 1000,
    unit: "kB",
    against: "kafkajs alone",
    ratio: ours / theirs,
    budget: `at most ${kilobytesMax} kB`,
    withinBudget: kilobytes <= kilobytesMax,
  };
}

function loadRow(ours: number, theirs: number): BenchRow {
  const ratio = ours / theirs;
  return {
    what: "produce function, load in a new process",
    ours,
    theirs,
    unit: "ms",
    against: "kafkajs alone",
    ratio,
    budget: `at most ${loadRatioMax}`,
    withinBudget: ratio <= loadRatioMax,
  };
}
