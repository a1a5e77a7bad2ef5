/** A value that does not fit its schema: what was expected, what came, and the path to it. */

/** Becomes a row of the failure table where the value as a whole is refused. */
export class Misfit extends Error {
  override readonly name = "Misfit";
  /** From the value's root: `.address.street`, `[3]`. */
  path = "";
}

const shownCharactersMax = 60;

/** `expected a whole number of 32 bits, not "abc"` */
export function misfit(expected: string, value: unknown): Misfit {
  return new Misfit(`expected ${expected}, not ${describe(value)}`);
}

/** The same failure, one step nearer to the root. */
export function inside(step: string, thrown: unknown): unknown {
  if (thrown instanceof Misfit) thrown.path = step + thrown.path;
  return thrown;
}

/** A value's kind; a record's text is not shown in messages. */
function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value.constructor === Object) {
    const [name, ...more] = Object.keys(value);
    return name === undefined || more.length > 0
      ? "an object"
      : `an object with the member ${JSON.stringify(name.slice(0, shownCharactersMax))}`;
  }
  return typeof value === "object" ? "a number" : `a ${typeof value}`;
}
