/** The console's page as static files. They hold no data and are public; everything that the page shows comes from the API, as the person who uses it. */
import * as v from "valibot";
import type { Config } from "../../config.js";
import { RelayError } from "../../errors.js";
import { fileTypeOf, readPageFiles } from "../console/page-files.js";
import { pageHeaders } from "../console/page-policy.js";
import { type Operations, operation } from "../operation.js";

/** Assets never change under their names; the page that names them does with every version. */
const assetCaching = "public, max-age=31536000, immutable";
const pageCaching = "no-cache";
/** Where the built page names its settings and its files. */
const settingsPlace = "__CONSOLE_SETTINGS__";
const assetsPlace = /\.\/assets\//g;

interface ConsoleSettings {
  /** The address of the API: the page's own origin, and a stage's prefix. */
  readonly baseUrl: string;
  readonly isReadOnly: boolean;
  /** How people sign in; absent: with a token that they paste. */
  readonly signIn?: { readonly issuer: string; readonly clientId: string; readonly scope: string };
}

/** `folder` holds the built page. */
export function consoleOperations(folder: string): Operations {
  let files: ReturnType<typeof readPageFiles> | undefined;
  const filesOf = (config: Config) => {
    if (config.RELAY_CONSOLE !== "on") throw new RelayError("not-found", "The console is switched off. RELAY_CONSOLE=on switches it on.");
    files ??= readPageFiles(folder);
    return files;
  };
  const shared = { may: "service:describe", isPublic: true, produces: [] } as const;
  return {
    "GET /console": operation({
      ...shared,
      summary: "Get the page of the console.",
      answers: { 200: v.string() },
      run: async (_, { config, baseUrl }) => {
        const { index } = filesOf(config);
        const prefix = new URL(baseUrl).pathname.replace(/\/$/, "");
        const text = index
          .replace(assetsPlace, `${prefix}/console/assets/`)
          .replace(settingsPlace, () => toAttribute(JSON.stringify(toSettings(config, prefix))));
        const headers = { ...pageHeaders(originsOf(config)), "cache-control": pageCaching };
        return { status: 200, text, contentType: "text/html; charset=utf-8", headers };
      },
    }),
    "GET /console/assets/{file}": operation({
      ...shared,
      summary: "Get a file of the console's page.",
      path: v.object({ file: v.string() }),
      answers: { 200: v.string() },
      run: async ({ path: { file } }, { config }) => {
        const text = filesOf(config).assets.get(file);
        if (text === undefined) throw new RelayError("not-found", "The console has no file of this name. Reload the page.");
        const headers = { ...pageHeaders([]), "cache-control": assetCaching };
        return { status: 200, text, contentType: fileTypeOf(file), headers };
      },
    }),
  };
}

/** Where the page may call besides the API. */
function originsOf({ RELAY_CONSOLE_ISSUER: issuer, RELAY_CONSOLE_CONNECT: others }: Config): readonly string[] {
  return [...(issuer === undefined ? [] : [new URL(issuer).origin]), ...others];
}

function toSettings(config: Config, baseUrl: string): ConsoleSettings {
  const { RELAY_CONSOLE_ISSUER: issuer, RELAY_CONSOLE_CLIENT_ID: clientId, RELAY_CONSOLE_SCOPE: scope } = config;
  return {
    baseUrl,
    isReadOnly: config.RELAY_CONSOLE_READ_ONLY,
    ...(issuer === undefined || clientId === undefined ? {} : { signIn: { issuer, clientId, scope } }),
  };
}

const toAttribute = (text: string): string => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
