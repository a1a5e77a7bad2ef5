/** Clients of the AWS SDK: those of the project that uses the plugin, which knows the version it wants; else those installed beside the plugin. */
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { RelayError } from "../../../lib/errors.js";

/** `folder` is the project's; a relative one is below the working directory. */
const placesOf = (folder: string): readonly NodeJS.Require[] => [
  createRequire(join(resolve(folder), "package.json")),
  createRequire(join(__dirname, "package.json")),
];

function find(name: string, folder: string): NodeJS.Require | undefined {
  return placesOf(folder).find((place) => {
    try {
      place.resolve(name);
      return true;
    } catch {
      return false;
    }
  });
}

/** Undefined: it is installed. Otherwise what is missing, and the command that installs it. */
export function missingSdk(name: string, folder: string): string | undefined {
  return find(name, folder) === undefined ? `${name} is not installed; run npm install --save-dev ${name}` : undefined;
}

/** Throws `bad-configuration` where it is missing, or cannot be loaded. */
export function loadSdk<Module>(name: string, folder: string): Module {
  const place = find(name, folder);
  if (place === undefined) throw new RelayError("bad-configuration", `${missingSdk(name, folder)}.`);
  try {
    return place(name) as Module;
  } catch (cause) {
    throw new RelayError("bad-configuration", `${name} is installed but cannot be loaded: ${cause}`, { cause });
  }
}
