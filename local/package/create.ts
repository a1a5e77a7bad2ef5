/** The npm package create-kafka-relay, which is what `npm create kafka-relay` runs: a program that passes its arguments to `kafka-relay init` of the same version. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../build/service-map.js";

interface Pinned {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly engines: object;
}

/** @param built the folder of the package kafka-relay. Returns the folder of this one. */
export function buildCreatePackage(built: string, folder = join(built, "../create-kafka-relay")): string {
  const pinned = JSON.parse(readFileSync(join(built, "package.json"), "utf8")) as Pinned;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ["bin.js", "README.md"]) cpSync(join(projectFolder, "local/package/create", name), join(folder, name));
  cpSync(join(projectFolder, "LICENSE"), join(folder, "LICENSE"));
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(toCreateManifest(pinned), null, 2)}\n`);
  return folder;
}

const toCreateManifest = ({ name, version, license, engines }: Pinned): object => ({
  name: `create-${name}`,
  version,
  description:
    "npm create kafka-relay: a small project that relays records from Kafka, and puts Kafka behind HTTP, on AWS Lambda and on a laptop.",
  license,
  keywords: ["kafka", "lambda", "serverless", "create", "starter"],
  type: "module",
  engines,
  bin: { [`create-${name}`]: "./bin.js" },
  files: ["bin.js"],
  dependencies: { [name]: version },
});
