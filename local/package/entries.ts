/** What projects can import from the npm package, and the file behind each name. Everything else in it may change. */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { projectFolder } from "../build/service-map.js";

/** Files in lib/targets that are targets, each with one function for routes. */
const targets = ["custom", "dynamodb", "eventbridge", "lambda", "s3", "sns", "sql", "sqs", "topic", "webhook"] as const;

/** By the name behind "kafka-relay/": the source, relative to the project's folder. */
export function packageEntries(): Readonly<Record<string, string>> {
  const functions = readdirSync(join(projectFolder, "functions")).filter((name) => name.endsWith(".ts"));
  return {
    relay: "local/package/entries/relay.ts",
    patterns: "local/package/entries/patterns.ts",
    http: "local/package/entries/http.ts",
    sources: "local/package/entries/sources.ts",
    testing: "local/package/entries/testing.ts",
    client: "lib/client/client.ts",
    ...Object.fromEntries(targets.map((name) => [`targets/${name}`, `lib/targets/${name}.ts`])),
    ...Object.fromEntries(functions.sort().map((name) => [`functions/${basename(name, ".ts")}`, `functions/${name}`])),
  };
}
