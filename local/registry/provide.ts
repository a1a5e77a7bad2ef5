/** The schema registry of `npm start`: the one that SCHEMA_REGISTRY_URL names, or Apicurio where `--registry` asks for one. */
import { join } from "node:path";
import type { Progress } from "../broker/jars.js";
import { stopJava } from "../broker/java-process.js";
import type { LocalSettings } from "../broker/settings.js";
import { holderOf, holderWords } from "../processes/ports.js";
import { startRegistry } from "./apicurio.js";

export interface ProvidedRegistry {
  readonly url: string;
  readonly what: string;
  /** Keeps the schemas. Absent: the registry is managed elsewhere. */
  readonly stop?: () => Promise<void>;
}

interface RegistryWishes {
  readonly isAsked: boolean;
  /** SCHEMA_REGISTRY_URL. */
  readonly given: string | undefined;
  readonly progress: Progress;
}

const answerTimeoutMs = 5_000;

/** Whether `npm start` was called with `--registry`. */
export function asksForRegistry(args: readonly string[]): boolean {
  return args.includes("--registry");
}

/** Undefined: no registry is wanted. Throws where the given one does not answer, or none can be started. */
export async function provideRegistry(
  settings: LocalSettings,
  runFolder: string,
  { isAsked, given = "", progress }: RegistryWishes,
): Promise<ProvidedRegistry | undefined> {
  if (given !== "") return givenRegistry(given);
  if (!isAsked) return undefined;
  const { dataFolder, registryPort: port } = settings;
  const folder = join(runFolder, "registry");
  // What a killed run left behind.
  await stopJava(folder);
  const holder = await holderOf(port);
  if (holder !== undefined) {
    throw new Error(
      `Port ${port} is in use ${holderWords(holder)}. The schema registry needs it. Either\n  - stop that program,\n  - use it, if it is a schema registry: SCHEMA_REGISTRY_URL=http://127.0.0.1:${port} npm start, or\n  - use another port: RELAY_REGISTRY_PORT=${port + 10_000} npm start -- --registry`,
    );
  }
  const registry = await startRegistry({
    folder,
    schemasFolder: join(dataFolder, "registry"),
    jarsFolder: join(dataFolder, "jars"),
    port,
    progress,
  });
  return { url: registry.url, what: `Apicurio Registry (Java, process ${registry.pid})`, stop: registry.stop };
}

/** Any answer will do: how to authenticate there is a matter of the functions' own variables. */
async function givenRegistry(given: string): Promise<ProvidedRegistry> {
  const failures: string[] = [];
  for (const url of given.split(",").map((one) => one.trim())) {
    try {
      await fetch(`${url.replace(/\/$/, "")}/subjects`, { signal: AbortSignal.timeout(answerTimeoutMs), redirect: "manual" });
      return { url: given, what: "the schema registry that SCHEMA_REGISTRY_URL names" };
    } catch (error) {
      const { cause, message } = error as Error;
      failures.push(cause instanceof Error && cause.message !== "" ? cause.message : message);
    }
  }
  throw new Error(
    `SCHEMA_REGISTRY_URL is ${given.replaceAll(/\/\/[^/@]*@/g, "//")}, but no schema registry answers there: ${failures.join("; ")}\nStart that registry, correct SCHEMA_REGISTRY_URL, or unset it and run npm start -- --registry to start one.`,
  );
}
