/** `npm run package [-- --stage NAME --param NAME=VALUE ...]`: the CloudFormation template and one zip per function, in `.build`; no network and no credentials are needed. */
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { readOptions } from "../processes/options.js";
import { buildFolder } from "./bundle.js";
import { deployedFunctions, projectFolder } from "./service-map.js";

const packageTimeoutMs = 5 * 60_000;

/** The default stage: a template to look at. */
const values = readOptions({ stage: { type: "string", default: "example" }, param: { type: "string", multiple: true, default: [] } });
const packageFolder = join(buildFolder, "package");
const args = [
  join(projectFolder, "node_modules/serverless/bin/serverless.js"),
  "package",
  "--stage",
  values.stage,
  "--package",
  packageFolder,
  ...values.param.flatMap((param) => ["--param", param]),
];
const { status } = spawnSync(process.execPath, args, {
  cwd: projectFolder,
  stdio: ["ignore", "inherit", "inherit"],
  timeout: packageTimeoutMs,
  env: { ...process.env, SLS_NOTIFICATIONS_MODE: "off", SLS_TELEMETRY_DISABLED: "1" },
});
const template = join(packageFolder, "cloudformation-template-update-stack.json");
if (status !== 0 || !existsSync(template)) {
  console.error(`The package was not written (exit code ${status ?? "none: it took too long"}).`);
  process.exit(1);
}
console.log(template);
for (const { key } of deployedFunctions()) {
  const zipPath = join(buildFolder, "zips", `${key}.zip`);
  console.log(`${zipPath}  ${Math.ceil(statSync(zipPath).size / 1000)} kB`);
}
for (const [file, what] of [
  ["egress.md", "what each function must reach"],
  ["acls.md", "the ACLs of each function's Kafka user"],
  ["sbom.cdx.json", "what is bundled"],
  ["licenses.txt", "under which licences"],
]) {
  console.log(`${join(buildFolder, file ?? "")}  ${what}`);
}
