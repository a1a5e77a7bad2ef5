/** `npm run package`: the CloudFormation template and the zips, without network and without credentials. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { deployedFunctions, projectFolder } from "../../local/build/service-map.js";

interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation's own shapes, looked into by path
  readonly Properties: any;
}

const functions = deployedFunctions();
let resources: readonly (readonly [string, Resource])[];
let output: string;

beforeAll(() => {
  const { PATH, HOME } = process.env;
  const program = [join(projectFolder, "node_modules/tsx/dist/cli.mjs"), "local/build/package.ts", "--stage", "prod"];
  // A proxy that is not there: whoever asks the network gets an error. And no credentials, wherever they might come from.
  const nowhere = { HTTPS_PROXY: "http://127.0.0.1:1", HTTP_PROXY: "http://127.0.0.1:1" };
  const run = spawnSync(process.execPath, program, {
    cwd: projectFolder,
    encoding: "utf8",
    env: { PATH, HOME, AWS_EC2_METADATA_DISABLED: "true", ...nowhere },
  });
  output = `${run.stdout}${run.stderr}`;
  if (run.status !== 0) throw new Error(output);
  const template = readFileSync(join(projectFolder, ".build/package/cloudformation-template-update-stack.json"), "utf8");
  resources = Object.entries((JSON.parse(template) as { readonly Resources: Record<string, Resource> }).Resources);
}, 120_000);

const ofType = (type: string) => resources.filter(([, resource]) => resource.Type === type).map(([, { Properties }]) => Properties);

test("it names the template and a zip for each function", () => {
  for (const { key } of functions) {
    expect(output).toContain(`${key}.zip`);
    expect(existsSync(join(projectFolder, ".build/zips", `${key}.zip`)), key).toBe(true);
  }
});

test("every function runs its own bundle on the newest Lambda runtime, on arm64", () => {
  const lambdas = ofType("AWS::Lambda::Function");

  expect(lambdas.map(({ FunctionName }) => FunctionName).sort()).toEqual(functions.map(({ key }) => `kafka-relay-prod-${key}`).sort());
  for (const { Runtime, Architectures, Handler, Code, FunctionName } of lambdas) {
    expect({ Runtime, Architectures }).toEqual({ Runtime: "nodejs24.x", Architectures: ["arm64"] });
    const { key, file } = functions.find((one) => FunctionName.endsWith(`-${one.key}`)) ?? { key: "", file: "" };
    expect(Handler).toBe(`${file}.handler`);
    expect(JSON.stringify(Code)).toContain(`/${key}.zip`);
  }
});

test("every call of the map is a route of the gateway", () => {
  const routes = ofType("AWS::ApiGatewayV2::Route").map(({ RouteKey }) => RouteKey);

  expect(routes.sort()).toEqual(functions.flatMap(({ routeKeys }) => routeKeys).sort());
});

test("every trigger of the map is an event source mapping that starts at the earliest record", () => {
  const mappings = ofType("AWS::Lambda::EventSourceMapping");

  expect(mappings.flatMap(({ Topics }) => Topics).sort()).toEqual(
    functions.flatMap(({ triggers }) => triggers.map(({ topic }) => topic)).sort(),
  );
  for (const { StartingPosition } of mappings) expect(StartingPosition).toBe("TRIM_HORIZON");
});

test("what is deployed grants nobody everything", () => {
  for (const { Environment, FunctionName } of ofType("AWS::Lambda::Function")) {
    expect(Environment.Variables.RELAY_ACCESS, FunctionName).toBe("grants");
  }
});
