/** The part of a path that is not the API's: the stage of a gateway, or the base path of a custom domain. */
import { basePath } from "../../config.js";

/** @param stage in the path as `/<stage>`, if the gateway has one. */
export function withoutPrefix(path: string, stage?: string): { readonly rawPath: string; readonly prefix: string } {
  for (const prefix of [stage === undefined ? undefined : `/${stage}`, basePath()])
    if (prefix !== undefined && path.startsWith(`${prefix}/`)) return { rawPath: path.slice(prefix.length), prefix };
  return { rawPath: path, prefix: "" };
}
