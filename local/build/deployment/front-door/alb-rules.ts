/**
 * Which function a load balancer passes each call to, as listener rules. A function finds its operation itself, so a rule only has to find the function. Regular expressions
 * keep a `*` from reaching across slashes: a topic may be called "consumer-groups"
 * (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html). Pure.
 */
import type { DoorCall } from "./calls.js";

export interface AlbRule {
  readonly functionKey: string;
  /** Empty: every method. */
  readonly methods: readonly string[];
  /** Regular expressions of paths; one of them must match. */
  readonly patterns: readonly string[];
}

/** Of all conditions of a rule together (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html). */
const conditionValuesMax = 5;

/** The first that matches counts. Calls that no rule matches go to the function of the catch-all. @param calls without the catch-all. */
export function toAlbRules(calls: readonly DoorCall[]): readonly AlbRule[] {
  const places = placesOf(calls);
  const specific = places.filter((place) => places.some((other) => isMoreGeneral(other, place)));
  const general = places.filter((place) => !specific.includes(place));
  return [...rulesOf(specific), ...rulesOf(general)];
}

/** What one function answers at one path. */
interface Place {
  readonly functionKey: string;
  readonly path: string;
  readonly methods: readonly string[];
}

/** Where a path belongs to one function, that function also answers methods that the path does not have. */
function placesOf(calls: readonly DoorCall[]): readonly Place[] {
  return [...new Set(calls.map(({ path }) => path))].flatMap((path) => {
    const here = calls.filter((call) => call.path === path);
    const keys = [...new Set(here.map(({ functionKey }) => functionKey))];
    const methodsOf = (key: string) =>
      here.filter(({ functionKey }) => functionKey === key).flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
    return keys.map((functionKey) => ({ functionKey, path, methods: keys.length === 1 ? [] : methodsOf(functionKey).sort() }));
  });
}

const segmentsOf = (path: string): readonly string[] => path.split("/");
const isParameter = (segment: string): boolean => segment.startsWith("{");

/** Of another function, and it matches every path that `place` matches. */
function isMoreGeneral(other: Place, place: Place): boolean {
  const [mine, others] = [segmentsOf(place.path), segmentsOf(other.path)];
  if (other.functionKey === place.functionKey || mine.length !== others.length || place.path === other.path) return false;
  return others.every((segment, index) => isParameter(segment) || segment === mine[index]);
}

function rulesOf(places: readonly Place[]): readonly AlbRule[] {
  const groups = new Map<string, Place[]>();
  for (const place of places) {
    const name = JSON.stringify([place.functionKey, place.methods]);
    groups.set(name, [...(groups.get(name) ?? []), place]);
  }
  return [...groups.values()].flatMap((group) => {
    const [{ functionKey, methods }] = group as [Place, ...Place[]];
    const size = conditionValuesMax - methods.length;
    const patterns = group.map(({ path }) => toPattern(path));
    return Array.from({ length: Math.ceil(patterns.length / size) }, (_, index) => ({
      functionKey,
      methods,
      patterns: patterns.slice(index * size, (index + 1) * size),
    }));
  });
}

/** A slash at the end is ignored, as everywhere. */
function toPattern(path: string): string {
  const segments = segmentsOf(path).map((segment) => (isParameter(segment) ? "[^/]+" : segment.replace(/[.*+?^$()[\]\\|]/g, "\\$&")));
  return path === "/" ? "^/$" : `^${segments.join("/")}/?$`;
}
