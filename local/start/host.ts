/** What answers the API's calls under `npm start`: serverless-offline, because it shows what Lambda does, or `kafka-relay serve` when asked with `--serve`. */
import { join } from "node:path";
import type { LocalSettings } from "../broker/settings.js";
import { projectFolder } from "../build/service-map.js";
import { toLine } from "./lines.js";

export interface LocalHost {
  readonly name: "offline" | "serve";
  /** What starts, for the screen. */
  readonly what: string;
  /** Of Node. */
  readonly args: readonly string[];
  /** A line of its output for the screen; undefined: not shown. */
  readonly toLine: (line: string) => string | undefined;
}

export function localHost(args: readonly string[], { httpPort }: Pick<LocalSettings, "httpPort">): LocalHost {
  if (!args.includes("--serve"))
    return {
      name: "offline",
      what: "the API and the Kafka triggers",
      args: [join(projectFolder, "node_modules/serverless/bin/serverless.js"), "offline", "start", "--stage", "local"],
      toLine: (line) => toLine(line, new Date()),
    };
  const flags = ["--port", String(httpPort), "--routes", "--sources", "--console", "--stage", "local"];
  return {
    name: "serve",
    what: "kafka-relay serve with the routes",
    args: ["--import", "tsx", join(projectFolder, "local/cli/main.ts"), "serve", ...flags],
    toLine: (line) => line,
  };
}
