/** The topics that a pattern stands for. A pattern is a stranger's regular expression, and may take for ever: it gets a limited time. */
import { createContext, Script } from "node:vm";
import { RelayError } from "../errors.js";

const patternLengthMax = 1_000;
const matchWithinMs = 200;
const matching = new Script("names.filter((name) => pattern.test(name))");

/** Compiles a pattern that must match a whole name, as Java's does. Throws `unprocessable`. */
export function parseTopicPattern(text: string): RegExp {
  if (text.length > patternLengthMax) {
    throw new RelayError("unprocessable", `body: topic_pattern has ${text.length} characters. At most ${patternLengthMax} are accepted.`);
  }
  try {
    return new RegExp(`^(?:${text})$`);
  } catch {
    throw new RelayError("unprocessable", "body: topic_pattern is not a valid regular expression.");
  }
}

/** In their order. Throws `unprocessable` if the pattern takes too long. */
export function topicsLike(pattern: RegExp, names: readonly string[]): readonly string[] {
  try {
    const matched = matching.runInContext(createContext({ names, pattern }), { timeout: matchWithinMs }) as readonly string[];
    return [...matched];
  } catch {
    throw new RelayError(
      "unprocessable",
      `The topic pattern takes more than ${matchWithinMs} ms to match the names of the cluster's topics. Use a simpler one.`,
    );
  }
}
