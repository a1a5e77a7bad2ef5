/** Checks of option values that need no I/O, made when a route is defined: what the route says itself, and what the environment variables it names hold. */
import * as v from "valibot";
import { secretFromEnvironment } from "../config.js";
import { RelayError } from "../errors.js";

const secretArn = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[^#]+(#.+)?$/;

/**
 * What a reference to a secret leads to, if that is known without I/O: the text itself, or the value of a variable that is set. Undefined: it is in Secrets
 * Manager, or the variable is not set here (a route is also loaded where it does not run).
 */
export function knownText(reference: string): string | undefined {
  const text = reference.startsWith("env:") ? secretFromEnvironment(reference.slice("env:".length)) : reference;
  return text === undefined || text === "" || text.startsWith("arn:") ? undefined : text;
}

/** Non-empty text that may refer to a secret. `parse` throws for a text that cannot be used, with a message that does not show it. */
export const reference = (parse: (text: string) => unknown = () => undefined) =>
  v.pipe(
    v.string("must be text"),
    v.nonEmpty("must not be empty"),
    v.check(isReference, 'must name a variable ("env:NAME") or be the whole ARN of a secret in Secrets Manager'),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed || !isReference(dataset.value)) return;
      const known = knownText(dataset.value);
      const fault = known === undefined ? undefined : faultOf(() => parse(known));
      const where = dataset.value.startsWith("env:") ? `the variable ${dataset.value.slice("env:".length)}: ` : "";
      if (fault !== undefined) addIssue({ message: where + fault });
    }),
  );

function isReference(text: string): boolean {
  if (text.startsWith("env:")) return /^env:[^\s=]+$/.test(text);
  return !text.startsWith("arn:") || secretArn.test(text);
}

/** Text that `parse` accepts; its message says what is wrong. */
export const checkedText = (parse: (text: string) => unknown) =>
  v.pipe(
    v.string("must be text"),
    v.nonEmpty("must not be empty"),
    v.rawCheck(({ dataset, addIssue }) => {
      const { value } = dataset;
      const fault = dataset.typed && value !== "" ? faultOf(() => parse(value as string)) : undefined;
      if (fault !== undefined) addIssue({ message: fault });
    }),
  );

/** Text of a form; `what` completes "must be ...". */
export const textOf = (form: RegExp, what: string) =>
  v.pipe(v.string("must be text"), v.nonEmpty("must not be empty"), v.regex(form, `must be ${what}`));

/** The message of what `parse` throws, without its full stop: it becomes part of a list. */
function faultOf(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof RelayError)) throw thrown;
    return thrown.message.replace(/\.$/, "");
  }
}

/** Throws `bad-configuration` with all faults of a target's options that contradict each other; undefined ones are none. */
export function assertConsistent(target: string, faults: readonly (string | false | undefined)[]): void {
  const found = faults.filter((fault) => fault !== undefined && fault !== false);
  if (found.length > 0)
    throw new RelayError("bad-configuration", `The target ${target}:\n  ${found.map((fault) => `${fault}.`).join("\n  ")}`);
}
