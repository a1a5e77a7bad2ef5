/**
 * `npm run modules -- --cdk FOLDER --terraform FOLDER [--param NAME=VALUE ...]`: kafka-relay as a CDK construct and as a Terraform module, written from the same package as
 * the template. A parameter that can stay open becomes a variable; the others are settled.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readOptions } from "../../processes/options.js";
import { buildFolder } from "../bundle.js";
import { projectFolder } from "../service-map.js";
import { toCdkFiles } from "./cdk/files.js";
import { type Module, readModule, type Template } from "./module.js";
import { toTerraformFiles } from "./terraform/files.js";
import { type ModuleVariable, moduleVariables } from "./variables.js";

const packageTimeoutMs = 5 * 60_000;
const values = readOptions({
  cdk: { type: "string", default: "" },
  terraform: { type: "string", default: "" },
  param: { type: "string", multiple: true, default: [] },
});
if (values.cdk === "" && values.terraform === "") fail("Name a folder for a module: --cdk FOLDER, --terraform FOLDER, or both.");
const given = new Map(values.param.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)] as const));
if (!given.has("clusterArn") && !given.has("brokers"))
  fail(
    "Say what the functions connect to: --param clusterArn=any for an MSK cluster, or --param brokers=any. The values of variables are given to the module, not here.",
  );

const open = moduleVariables.filter(isOpen);
const parameters = new Map([
  ...given,
  ...open.filter(({ name }) => name !== "stage").map(({ name, standIn }) => [name, standIn] as const),
  ["disabledFunctions", "omit"] as const,
]);
const template = writePackage(parameters);
const settled = [...given].filter(([name]) => !open.some((one) => one.name === name)).map(([name, value]) => `${name}=${value}`);
const module = orFail(() => readModule(template, open, settled));
const { version } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8")) as { readonly version: string };
if (values.terraform !== "")
  writeModule(
    values.terraform,
    orFail(() => toTerraformFiles(module)),
    "Terraform module",
  );
if (values.cdk !== "") writeModule(values.cdk, await toCdkFiles(module, version), "CDK construct");

/** The network is open unless the brokers are on the internet; others are open where the deployment has them. */
function isOpen({ name, isOnRequest }: ModuleVariable): boolean {
  if (name === "produceConcurrency") return given.get("reservedConcurrency") !== "off";
  if (name === "subnets" || name === "securityGroups") return given.has(name) || given.has("clusterArn");
  return isOnRequest !== true || given.has(name);
}

function writePackage(parameters: ReadonlyMap<string, string>): Template {
  const folder = join(buildFolder, "modules");
  const stage = moduleVariables.find(({ name }) => name === "stage")?.standIn ?? "";
  const args = [
    join(projectFolder, "node_modules/serverless/bin/serverless.js"),
    ...["package", "--stage", stage, "--package", folder],
    ...[...parameters].flatMap(([name, value]) => ["--param", `${name}=${value}`]),
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: projectFolder,
    encoding: "utf8",
    timeout: packageTimeoutMs,
    env: { ...shellWithoutParameters(), SLS_NOTIFICATIONS_MODE: "off", SLS_TELEMETRY_DISABLED: "1" },
  });
  const path = join(folder, "cloudformation-template-update-stack.json");
  if (status !== 0 || !existsSync(path)) fail(`${stdout}${stderr}\nThe package was not written.`);
  return JSON.parse(readFileSync(path, "utf8")) as Template;
}

/** A variable of the shell must not become a part of a module unseen: what is settled is on the command line. */
function shellWithoutParameters(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS|GLUE|KAFKA|MSK|QUAKES|RELAY|SCHEMA)_/.test(name)));
}

function writeModule(folder: string, files: Readonly<Record<string, string>>, what: string): void {
  const path = resolve(folder);
  mkdirSync(join(path, "zips"), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  for (const zip of zipsOf(module)) copyFileSync(join(buildFolder, "zips", zip), join(path, "zips", zip));
  console.log(`${path}  ${what}: ${module.resources.length} resources, ${open.length} variables`);
}

function zipsOf({ resources }: Module): readonly string[] {
  return resources.flatMap(({ properties }) =>
    properties.flatMap(([name, value]) => (name === "Code" && value.kind === "literal" ? [String(value.value)] : [])),
  );
}

function orFail<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    return fail((thrown as Error).message);
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
