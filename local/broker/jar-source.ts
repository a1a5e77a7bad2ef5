/** Where the jars of a local program come from: Maven, or a Maven repository that this project downloads from by itself. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { outputOf } from "./output-of.js";

/** Java starts slowly on a busy machine. */
const askTimeoutMs = 60_000;

export interface MavenRepository {
  /** Without credentials, and without a slash at the end. */
  readonly url: string;
  /** A header. */
  readonly authorization?: string;
  readonly proxies?: Proxies;
}

/** What HTTP_PROXY, HTTPS_PROXY and NO_PROXY say. */
export interface Proxies {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly noProxy?: string;
}

export type JarSource =
  | { readonly kind: "maven"; readonly command: string }
  | { readonly kind: "repository"; readonly repository: MavenRepository };

/** RELAY_MAVEN_REPOSITORY, else Maven, else the mirror in Maven's settings; or what is missing, as a clause for a message. */
export async function findJarSource(env: NodeJS.ProcessEnv, home = homedir()): Promise<JarSource | { readonly missing: string }> {
  const named = env.RELAY_MAVEN_REPOSITORY ?? "";
  if (named !== "") {
    const repository = toRepository(named);
    return repository === undefined
      ? { missing: "RELAY_MAVEN_REPOSITORY must be an address that starts with https:// or http://" }
      : toSource(repository, env);
  }
  if ((await outputOf("mvn", ["-v"], askTimeoutMs, env)) !== undefined) return { kind: "maven", command: "mvn" };
  const settings = join(home, ".m2/settings.xml");
  const mirror = existsSync(settings) ? mirrorIn(readFileSync(settings, "utf8"), env) : undefined;
  return mirror === undefined
    ? {
        missing:
          'Maven was not found ("mvn -v" failed), and no repository is set from which to download without it (RELAY_MAVEN_REPOSITORY: the address of Maven Central, or of a mirror)',
      }
    : toSource(mirror, env);
}

function toSource(repository: MavenRepository, env: NodeJS.ProcessEnv): JarSource {
  const proxies = proxiesOf(env);
  return { kind: "repository", repository: proxies === undefined ? repository : { ...repository, proxies } };
}

export function proxiesOf(env: NodeJS.ProcessEnv): Proxies | undefined {
  const named = { httpProxy: env.http_proxy ?? env.HTTP_PROXY, httpsProxy: env.https_proxy ?? env.HTTPS_PROXY };
  const given = Object.entries({ ...named, noProxy: env.no_proxy ?? env.NO_PROXY }).filter(([, value]) => (value ?? "") !== "");
  return given.some(([name]) => name !== "noProxy") ? Object.fromEntries(given) : undefined;
}

function toRepository(text: string, user?: string, password?: string): MavenRepository | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined;
  const name = user ?? decodeURIComponent(url.username);
  const secret = password ?? decodeURIComponent(url.password);
  url.username = "";
  url.password = "";
  const plain = { url: url.href.replace(/\/+$/, "") };
  return name === "" ? plain : { ...plain, authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString("base64")}` };
}

/** The mirror of Maven Central, with the credentials of the server of the same id: https://maven.apache.org/guides/mini/guide-mirror-settings.html */
export function mirrorIn(settings: string, env: NodeJS.ProcessEnv): MavenRepository | undefined {
  const xml = settings.replace(/<!--[\s\S]*?-->/g, "");
  const mirror = elements(xml, "mirror").find((one) => isOfCentral(member(one, "mirrorOf", env)) && member(one, "blocked", env) !== "true");
  if (mirror === undefined) return undefined;
  const id = member(mirror, "id", env);
  const server = elements(xml, "server").find((one) => member(one, "id", env) === id) ?? "";
  const password = member(server, "password", env);
  // Only Maven can decrypt "{...}".
  if (/^\{.*\}$/.test(password)) return undefined;
  return toRepository(member(mirror, "url", env), member(server, "username", env) || undefined, password || undefined);
}

function isOfCentral(mirrorOf: string): boolean {
  const patterns = mirrorOf.split(",").map((pattern) => pattern.trim());
  return !patterns.includes("!central") && patterns.some((pattern) => ["*", "central", "external:*"].includes(pattern));
}

const elements = (xml: string, name: string): readonly string[] =>
  [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, "g"))].map(([, text]) => text ?? "");

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** With `${env.NAME}` replaced, as Maven does. */
const member = (xml: string, name: string, env: NodeJS.ProcessEnv): string =>
  (elements(xml, name)[0] ?? "")
    .trim()
    .replace(/&(amp|lt|gt|quot|apos);/g, (_, entity: string) => entities[entity] ?? "")
    .replace(/\$\{env\.([^}]+)\}/g, (_, variable: string) => env[variable] ?? "");
