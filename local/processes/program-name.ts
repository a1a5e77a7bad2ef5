/** What a message says of another program: its name, and the script or class that an interpreter runs. Never its arguments, because they can hold passwords. */
import { basename } from "node:path";

const interpreters = /^(node|bun|deno|java|python[\d.]*|ruby|php)$/;
const scripts = /\.(js|mjs|cjs|ts|mts|jar|py|rb|php)$/;
const javaClass = /^[a-z]\w*(\.\w+)+$/;
/** Options that name where code is, and not which: their value is skipped. */
const withValue = new Set(["-cp", "-classpath", "--class-path", "--import", "--require", "-r", "-e", "--eval"]);

/** @param command a whole command line: "/usr/bin/node --import tsx local/start.ts --auth jwt" becomes "node local/start.ts". */
export function programIn(command: string): string {
  const [first = "", ...words] = command.split(/\s+/);
  const name = basename(first).replace(/:$/, "");
  if (!interpreters.test(name)) return name;
  const script = scriptIn(words, name);
  return script === undefined ? name : `${name} ${script.startsWith("/") ? basename(script) : script}`;
}

function scriptIn(words: readonly string[], interpreter: string): string | undefined {
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (word === "-e" || word === "--eval") return undefined;
    if (withValue.has(word)) index += 1;
    else if (!word.startsWith("-")) return scripts.test(word) || (interpreter === "java" && javaClass.test(word)) ? word : undefined;
  }
  return undefined;
}
