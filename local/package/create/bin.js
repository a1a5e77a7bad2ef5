#!/usr/bin/env node
// `npm create kafka-relay my-relay` is `kafka-relay init my-relay` of the kafka-relay of the same version.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const manifest = createRequire(import.meta.url).resolve("kafka-relay/package.json");
const { bin } = JSON.parse(readFileSync(manifest, "utf8"));
process.argv.splice(2, 0, "init");

await import(pathToFileURL(join(dirname(manifest), bin["kafka-relay"])).href);
