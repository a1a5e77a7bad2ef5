/** Where in the console one is: in the address behind `#`, so that every place can be linked, and the browser's buttons work. */
import { signal } from "@preact/signals";

interface ConsolePlace {
  /** Decoded: ["topics", "orders", "records"]. */
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

export const place = signal<ConsolePlace>(readPlace(location.hash));

function readPlace(hash: string): ConsolePlace {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const segments = path.split("/").filter((segment) => segment !== "");
  return { path: segments.map(decoded), query: Object.fromEntries(new URLSearchParams(query)) };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** `#/topics/a%20b?from=end`; parameters that are undefined or empty are left out. */
export function linkTo(path: readonly (string | number)[], query: Readonly<Record<string, string | number | undefined>> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return `#/${path.map((segment) => encodeURIComponent(segment)).join("/")}${given.length === 0 ? "" : `?${search}`}`;
}

export function goTo(link: string): void {
  location.hash = link;
}

/** Changes the query of the current place without a new entry in the browser's history. */
export function changeQuery(changes: Readonly<Record<string, string | undefined>>): void {
  const { path, query } = place.value;
  history.replaceState(null, "", linkTo(path, { ...query, ...changes }));
  place.value = readPlace(location.hash);
}

window.addEventListener("hashchange", () => {
  place.value = readPlace(location.hash);
});
