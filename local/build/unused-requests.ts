/**
 * Of kafkajs's requests, the bundles keep the two that signing in needs: all others are written by lib/kafka/protocol, and kafkajs's own are only there because its
 * connection names them all. What is left out says so if it is ever called.
 */
import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

const kept = ["SaslHandshake", "SaslAuthenticate"];
/** `  Produce: require('./produce'),` */
const entry = /^ {2}(\w+): require\('\.\/\w+'\),$/gm;
/** kafkajs's own stand-in for requests that it does not implement. */
const standIn = "noImplementedRequestDefinitions";

export const withoutUnusedRequests: Plugin = {
  name: "without-unused-requests",
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]kafkajs[\\/]src[\\/]protocol[\\/]requests[\\/]index\.js$/ }, async ({ path }) => ({
      contents: keepSigningIn(await readFile(path, "utf8")),
      loader: "js",
    }));
  },
};

/** Throws where the file is not the one that this was written for. */
export function keepSigningIn(source: string): string {
  const names = [...source.matchAll(entry)].map(([, name]) => name ?? "");
  if (!source.includes(`const ${standIn} =`) || !kept.every((name) => names.includes(name))) {
    throw new Error("kafkajs's list of requests is not the one that local/build/unused-requests.ts expects.");
  }
  return source.replace(entry, (line, name: string) => (kept.includes(name) ? line : `  ${name}: ${standIn},`));
}
