/** Parses the options of a script. An unknown option gives one message and exit code 2 instead of a stack trace. */
import { type ParseArgsConfig, parseArgs } from "node:util";

export function readOptions<T extends NonNullable<ParseArgsConfig["options"]>>(
  options: T,
): ReturnType<typeof parseArgs<{ options: T }>>["values"] {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    const known = Object.entries(options).map(([name, { type }]) => (type === "string" ? `--${name} VALUE` : `--${name}`));
    console.error(`${(error as Error).message}\nThe options are ${known.join(", ")}.`);
    process.exit(2);
  }
}
