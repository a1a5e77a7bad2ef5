/** The query of a request. Read from its raw text, because hosts differ in what they make of a parameter that is given several times. */
import { RelayError } from "../errors.js";

/** A parameter that is given several times is a list, so that an operation that expects one value can refuse it. */
type Query = Readonly<Record<string, string | readonly string[]>>;

const parametersMax = 200;

/** Escapes that are not valid stay as they are, as in a browser's URLSearchParams. */
export function parseQuery(rawQuery: string): Query {
  const query: Record<string, string | readonly string[]> = Object.create(null);
  if (rawQuery === "") return query;
  const parameters = [...new URLSearchParams(rawQuery)];
  if (parameters.length > parametersMax) {
    throw new RelayError("bad-request", `The query has ${parameters.length} parameters. At most ${parametersMax} are accepted.`);
  }
  for (const [name, value] of parameters) {
    const earlier = query[name];
    query[name] = earlier === undefined ? value : typeof earlier === "string" ? [earlier, value] : [...earlier, value];
  }
  return query;
}
