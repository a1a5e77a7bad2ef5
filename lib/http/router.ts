/**
 * Finds the operation of a call by API Gateway's rules, for hosts that do not route themselves
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html): a literal is more specific than a parameter, a trailing slash is
 * ignored, an empty segment matches nothing. Segments are separated before they are decoded, so that `a%2Fb` is one value. Pure.
 */
import { RelayError } from "../errors.js";
import type { Operations } from "./operation.js";
import type { OperationRoute, Routes } from "./routes.js";
import { unknownRoute } from "./unknown-route.js";

export interface Router {
  /** Undefined where the path or the method does not exist. HEAD is served by the operation of GET. Throws `bad-request` for an escape that is not valid. */
  readonly find: (method: string, rawPath: string) => OperationRoute | undefined;
  /** The methods of a path, with HEAD and OPTIONS; undefined where the path does not exist. */
  readonly methodsAt: (rawPath: string) => readonly string[] | undefined;
}

interface Template {
  readonly key: string;
  readonly method: string;
  /** A literal, or the name of a parameter. */
  readonly segments: readonly { readonly name?: string; readonly literal?: string }[];
}

/** For hosts that do not route. What has no operation goes to the catch-all, if there is one. */
export function routesByPath(operations: Operations): Routes {
  const router = createRouter(Object.keys(operations));
  return {
    find: ({ method, rawPath }) => {
      const route = router.find(method, rawPath);
      if (route !== undefined) return route;
      if (operations.$default !== undefined) return { key: "$default", path: {} };
      throw unknownRoute(router, method, rawPath);
    },
  };
}

export function createRouter(routeKeys: readonly string[]): Router {
  const templates = routeKeys.flatMap(toTemplate).sort((one, other) => (rankOf(one) < rankOf(other) ? -1 : 1));
  const byLength = new Map<number, Template[]>();
  for (const template of templates) byLength.set(template.segments.length, [...(byLength.get(template.segments.length) ?? []), template]);
  const candidates = (segments: readonly string[]): readonly Template[] => byLength.get(segments.length) ?? [];
  return {
    find: (given, rawPath) => {
      const method = given === "HEAD" ? "GET" : given;
      const segments = segmentsOf(rawPath);
      const found = candidates(segments).find((template) => template.method === method && isAt(template, segments));
      return found === undefined ? undefined : { key: found.key, path: parametersOf(found, segments) };
    },
    methodsAt: (rawPath) => {
      const segments = segmentsOf(rawPath);
      const methods = new Set(candidates(segments).flatMap((template) => (isAt(template, segments) ? [template.method] : [])));
      if (methods.size === 0) return undefined;
      if (methods.has("GET")) methods.add("HEAD");
      methods.add("OPTIONS");
      return [...methods].sort();
    },
  };
}

function toTemplate(key: string): readonly Template[] {
  const [method = "", path] = key.split(" ");
  if (path === undefined) return []; // $default
  const segments = segmentsIn(path).map((segment) => {
    const name = /^\{(.+)\}$/.exec(segment)?.[1];
    return name === undefined ? { literal: segment } : { name };
  });
  return [{ key, method, segments }];
}

/** The earlier a literal, the more specific: "l" sorts before "p". */
const rankOf = ({ segments }: Template): string => segments.map(({ name }) => (name === undefined ? "l" : "p")).join("");

const segmentsIn = (path: string): readonly string[] => path.replace(/(?<=.)\/$/, "").split("/");

const segmentsOf = (rawPath: string): readonly string[] => segmentsIn(rawPath).map(decoded);

function decoded(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new RelayError("bad-request", `The path has a percent escape that is not valid: ${JSON.stringify(segment.slice(0, 100))}.`);
  }
}

function isAt({ segments }: Template, given: readonly string[]): boolean {
  return segments.every(({ name, literal }, index) => (name === undefined ? literal === given[index] : given[index] !== ""));
}

function parametersOf({ segments }: Template, given: readonly string[]): Readonly<Record<string, string>> {
  const path: Record<string, string> = Object.create(null);
  for (const [index, { name }] of segments.entries()) if (name !== undefined) path[name] = given[index] ?? "";
  return path;
}
