/** What modules are tried with: aws-cdk-lib, and Terraform with the schemas of its provider. Each is missing, as half a sentence, where it cannot be had. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectFolder } from "../../../local/build/service-map.js";

const cdkVersion = "2.276.0";
const constructsVersion = "10.8.1";
const installWithinMs = 300_000;
const buildWithinMs = 400_000;
const runWithinMs = 120_000;
const outputBytesMax = 100_000_000;
export const run = promisify(execFile);

type Found = { readonly folder: string } | { readonly missing: string };

/** A folder whose node_modules have the CDK. */
export async function cdkFolder(): Promise<Found> {
  const folder = join(projectFolder, ".data", `aws-cdk-lib-${cdkVersion}`);
  return once(folder, async () => {
    writeFileSync(join(folder, "package.json"), "{}");
    const packages = [`aws-cdk-lib@${cdkVersion}`, `constructs@${constructsVersion}`];
    await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries", "1", ...packages], {
      cwd: folder,
      timeout: installWithinMs,
    });
  });
}

const providerFolder = join(import.meta.dirname, "provider");

/** A folder with a provider that has the schemas and no cloud, and Terraform's configuration that names it. */
export async function providerBinary(): Promise<Found> {
  const folder = join(projectFolder, ".data", "terraform-provider-without-cloud");
  return once(folder, async () => {
    await run("terraform", ["version"], { timeout: runWithinMs });
    await run("go", ["build", "-o", join(folder, "terraform-provider-aws"), "."], { cwd: providerFolder, timeout: buildWithinMs });
    writeFileSync(
      join(folder, "terraformrc"),
      `provider_installation {\n  dev_overrides {\n    "hashicorp/aws" = ${JSON.stringify(folder)}\n  }\n}\n`,
    );
  });
}

export async function terraform(tools: string, cwd: string, ...args: string[]): Promise<string> {
  const env = {
    ...process.env,
    TF_CLI_CONFIG_FILE: join(tools, "terraformrc"),
    PROVIDER_SCHEMAS: join(import.meta.dirname, "provider-schemas.json"),
  };
  const { stdout } = await run("terraform", args, { cwd, env, timeout: runWithinMs, maxBuffer: outputBytesMax });
  return stdout;
}

async function once(folder: string, make: () => Promise<void>): Promise<Found> {
  const made = join(folder, "made");
  if (existsSync(made)) return { folder };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    await make();
    writeFileSync(made, "");
    return { folder };
  } catch (thrown) {
    return { missing: String((thrown as Error).message).split("\n")[0] ?? "it could not be made" };
  }
}
