/** Packages that only some projects need: loaded on first use, and where one is missing, the error names the command that installs it. */
import { RelayError } from "./errors.js";

/** `load` imports the package by its literal name, so that bundlers see it. Throws `bad-configuration` if it is not installed. */
export async function installed<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (thrown) {
    if (!isMissing(thrown, name)) throw thrown;
    throw new RelayError("bad-configuration", `The package ${name} is not installed. Install it with: npm install ${name}`, {
      cause: thrown,
    });
  }
}

/** Node names the package in the message; one that is there and misses a file or a package of its own is another fault. */
function isMissing(thrown: unknown, name: string): boolean {
  const { code, message = "" } = (thrown ?? {}) as { readonly code?: string; readonly message?: string };
  return (
    (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") &&
    [`'${name}'`, `"${name}"`, `'${name}/`].some((named) => message.includes(named))
  );
}
