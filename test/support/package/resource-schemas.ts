/** CloudFormation's own description of each type of resource, from the package of cfn-lint; undefined, and reported at the end of the run, where it cannot be had. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { didNotRun } from "../run/did-not-run.js";
import { cfnLintEnvironment } from "./cfn-lint.js";

interface Schema {
  readonly handlers?: Readonly<Record<string, { readonly permissions: readonly string[] }>>;
  readonly properties?: Readonly<Record<string, unknown>>;
}

interface Schemas {
  readonly has: (type: string) => boolean;
  readonly get: (type: string) => Schema;
}

/** @param what is not checked where they are missing. */
export async function resourceSchemas(what: string): Promise<Schemas | undefined> {
  const environment = await cfnLintEnvironment();
  if ("missing" in environment) {
    didNotRun(what, environment.missing);
    return undefined;
  }
  const [python = ""] = readdirSync(join(environment.folder, "lib"));
  const data = join(environment.folder, "lib", python, "site-packages/cfnlint/data/schemas");
  const names = JSON.parse(readFileSync(join(data, "providers/eu-central-1.json"), "utf8")) as Readonly<Record<string, string>>;
  return {
    has: (type: string) => names[type] !== undefined,
    get: (type: string) => JSON.parse(readFileSync(join(data, "resources", `${names[type]}.json`), "utf8")) as Schema,
  };
}
