/** The CDK construct and the Terraform module, compared with the packaged template resource by resource, member by member, with all optional values and with none. */
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { toSnake } from "../../local/build/modules/variables.js";
import { projectFolder } from "../../local/build/service-map.js";
import { type Comparable, canonical, plain } from "../support/modules/canonical.js";
import { terraformAsTemplate } from "../support/modules/terraform-as-template.js";
import { cdkFolder, providerBinary, run, terraform } from "../support/modules/tools.js";
import { clusters } from "../support/package/clusters.js";
import { packageService, parameters } from "../support/package/packaged.js";
import { didNotRun } from "../support/run/did-not-run.js";
import { runFolder } from "../support/run/run-folder.js";

const minutes = 60_000;
const demo = Object.fromEntries(
  ["demo", "quakesDatabase", "quakesWebhook", "quakesWebhookSecret"].map((name) => [name, parameters[name] ?? ""]),
);
const network = { subnets: parameters.subnets ?? "", securityGroups: parameters.securityGroups ?? "" };
const required = { clusterArn: parameters.clusterArn ?? "", ...network };
const jwt = { authorizer: "jwt", jwtIssuer: "https://issuer.example.com/", jwtAudience: "relay,other" };
const optional = {
  corsOrigins: "https://app.example.com,https://other.example.com",
  topicPrefix: "team-a.",
  alarmsTopic: parameters.alarmsTopic ?? "",
  permissionsBoundary: parameters.permissionsBoundary ?? "",
  kmsKey: parameters.kmsKey ?? "",
  tags: "team=orders,cost-centre=1234",
  grants: parameters.grants ?? "",
  groupPrefix: "groups-",
  throttleRate: "300",
  produceConcurrency: "70",
};
/** What is written once, and the values that it is then used with. `settled` and the values together are the parameters of the template that it must equal. */
const modules = [
  {
    name: "MSK with IAM and tokens",
    settled: { ...demo, authorizer: "jwt", tracing: "on" },
    uses: [
      { name: "with every optional value", values: { ...required, ...jwt, ...optional } },
      { name: "with required values only", values: { ...required, ...jwt, corsOrigins: "https://app.example.com" } },
    ],
  },
  {
    name: "Kafka in a VPC with SCRAM",
    settled: { ...demo, kafkaAuthentication: "scram", reservedConcurrency: "off" },
    uses: [{ name: "with required values", values: { ...clusters["Kafka in a VPC, SCRAM, a private authority"], ...network } }],
  },
] as const;

const lists = ["brokers", "subnets", "securityGroups", "jwtAudience", "corsOrigins", "targetKeys"];
const numbers = ["throttleRate", "throttleBurst", "produceConcurrency"];
/** As the module takes them; what is settled is not a variable. */
const typed = (values: Readonly<Record<string, string>>, settled: object) =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([name]) => !(name in settled))
      .map(([name, value]) => [name, typedValue(name, value)]),
  );

function typedValue(name: string, value: string): unknown {
  if (lists.includes(name)) return value.split(",");
  if (numbers.includes(name)) return Number(value);
  return name === "tags" ? Object.fromEntries(value.split(",").map((pair) => pair.split("="))) : value;
}

describe.each(modules)("$name", ({ name, settled, uses }) => {
  const folder = join(runFolder(), "modules", createHash("sha256").update(name).digest("hex").slice(0, 8));

  beforeAll(async () => {
    const onRequest = Object.keys(uses[0].values).filter((one) => uses.every((use) => one in use.values) && !(one in settled));
    const given = Object.entries({ ...Object.fromEntries(onRequest.map((one) => [one, "any"])), ...settled });
    const params = given.flatMap(([one, value]) => ["--param", `${one}=${value}`]);
    const program = [join(projectFolder, "node_modules/tsx/dist/cli.mjs"), "local/build/modules/main.ts"];
    await run(process.execPath, [...program, "--cdk", join(folder, "cdk"), "--terraform", join(folder, "terraform"), ...params], {
      cwd: projectFolder,
      timeout: 5 * minutes,
    });
  }, 6 * minutes);

  test("no stand-in is left in it", () => {
    for (const file of ["cdk/index.ts", "terraform/main.tf", "terraform/variables.tf"])
      expect(readFileSync(join(folder, file), "utf8")).not.toMatch(/relaystandin|999888777666|91827/i);
  });

  describe.each([...uses])("$name", ({ values }) => {
    const expected = () => {
      const packaged = packageService("trial", { ...settled, ...values, disabledFunctions: "omit" });
      if (packaged.status !== 0) throw new Error(packaged.output);
      return packaged.resources;
    };

    test("the construct, checked by the compiler and synthesized, has the template's resources", { timeout: 10 * minutes }, async () => {
      const cdk = await cdkFolder();
      if ("missing" in cdk) return didNotRun(`the CDK construct: ${name}`, cdk.missing);
      const app = await synthesize(cdk.folder, join(folder, "cdk"), typed(values, settled));

      expectSame(fromCdk(app, join(folder, "cdk/zips")), fromPackage(expected()));
    });

    test("the module, validated and applied by Terraform against the provider's schemas, has the template's resources", {
      timeout: 10 * minutes,
    }, async () => {
      const tools = await providerBinary();
      if ("missing" in tools) return didNotRun(`the Terraform module: ${name}`, tools.missing);
      const created = await apply(tools.folder, join(folder, "terraform"), typed(values, settled));
      const template = fromPackage(expected());
      const ids = new Map([...template].map(([id, { type }]) => [id, type]));

      expectSame(terraformAsTemplate(created, ids), withoutTagsOfDashboards(template));
    });
  });

  test("an attribute that the provider does not have, and a required one that is missing, are refused", {
    timeout: 5 * minutes,
  }, async () => {
    const tools = await providerBinary();
    if ("missing" in tools) return didNotRun("a wrong Terraform module", tools.missing);
    const text = readFileSync(join(folder, "terraform/main.tf"), "utf8");
    const wrong = join(folder, "wrong");
    cpSync(join(folder, "terraform"), wrong, { recursive: true });
    const faults = [text.replace("retention_in_days", "retention_days"), text.replace(/\n *function_name .*/, "")];

    for (const fault of faults) {
      writeFileSync(join(wrong, "main.tf"), fault);
      await expect(terraform(tools.folder, wrong, "validate", "-no-color")).rejects.toThrow(
        /Unsupported argument|Missing required argument/,
      );
    }
  });
});

function fromPackage(resources: Parameters<typeof canonical>[0]): ReadonlyMap<string, Comparable> {
  const own = Object.entries(resources).filter(([id]) => !id.startsWith("ServerlessDeploymentBucket"));
  const withZips = own.map(([id, { Type, Properties = {} }]) => {
    const zip = /([^/]+\.zip)$/.exec(String((Properties.Code as { S3Key?: string } | undefined)?.S3Key))?.[1];
    return [id, { Type, Properties: zip === undefined ? Properties : { ...Properties, Code: zip } }] as const;
  });
  return canonical(Object.fromEntries(withZips), neutral);
}

/** The framework puts the name of the cluster into the ids of mappings. */
const neutral = (id: string) => id.replace(/(EventSourceMappingMSK)(Relaystandin|Prod)/, "$1");

function withoutTagsOfDashboards(template: ReadonlyMap<string, Comparable>): ReadonlyMap<string, Comparable> {
  return new Map(
    [...template].map(([id, { type, properties }]) => {
      const { Tags, ...rest } = properties as { readonly Tags?: unknown };
      return [
        id,
        { type, properties: type === "AWS::CloudWatch::Dashboard" ? rest : { ...rest, ...(Tags === undefined ? {} : { Tags }) } },
      ];
    }),
  );
}

function expectSame(actual: ReadonlyMap<string, Comparable>, expected: ReadonlyMap<string, Comparable>): void {
  expect(expected.size).toBeGreaterThan(100);
  expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [id, { type, properties }] of expected) {
    expect(actual.get(id)?.type, id).toBe(type);
    expect(plain(actual.get(id)?.properties), id).toEqual(plain(properties));
  }
}

interface Synthesized {
  readonly folder: string;
  readonly resources: Parameters<typeof canonical>[0];
}

async function synthesize(cdk: string, construct: string, values: object): Promise<Synthesized> {
  if (!existsSync(join(construct, "node_modules"))) symlinkSync(join(cdk, "node_modules"), join(construct, "node_modules"));
  const options = { strict: true, target: "es2022", module: "node16", moduleResolution: "node16", noEmit: true, skipLibCheck: true };
  const types = { types: ["node"], typeRoots: [join(projectFolder, "node_modules/@types")] };
  writeFileSync(join(construct, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...options, ...types }, files: ["index.ts"] }));
  await run(process.execPath, [join(projectFolder, "node_modules/typescript/bin/tsc"), "-p", construct], { timeout: 2 * minutes });
  const out = join(construct, `out-${createHash("sha256").update(JSON.stringify(values)).digest("hex").slice(0, 8)}`);
  const program = `const { App, Stack } = require("aws-cdk-lib"); const { KafkaRelay } = require(".");
    const app = new App({ outdir: ${JSON.stringify(out)} });
    new KafkaRelay(new Stack(app, "Trial"), "Relay", ${JSON.stringify({ stage: "trial", ...values })});
    app.synth();`;
  await run(process.execPath, ["-e", program], { cwd: construct, timeout: 3 * minutes, maxBuffer: 50_000_000 });
  const { Resources } = JSON.parse(readFileSync(join(out, "Trial.template.json"), "utf8")) as {
    readonly Resources: Synthesized["resources"];
  };
  return { folder: out, resources: Resources };
}

/** The CDK adds its own hash to ids, and names a zip by the hash of its bytes. */
function fromCdk({ folder, resources }: Synthesized, zipFolder: string): ReadonlyMap<string, Comparable> {
  const zips = new Map(readdirSync(zipFolder).map((name) => [hashOf(join(zipFolder, name)), name]));
  const withZips = Object.entries(resources).map(([id, { Type, Properties = {} }]) => {
    const key = (Properties.Code as { S3Key?: string } | undefined)?.S3Key;
    return [
      id,
      { Type, Properties: key === undefined ? Properties : { ...Properties, Code: zips.get(hashOf(join(folder, `asset.${key}`))) } },
    ] as const;
  });
  return canonical(Object.fromEntries(withZips), (id) => id.replace(/^Relay/, "").replace(/[0-9A-F]{8}$/, ""));
}

const hashOf = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

async function apply(tools: string, module: string, values: object): Promise<Parameters<typeof terraformAsTemplate>[0]> {
  const folder = join(module, `use-${createHash("sha256").update(JSON.stringify(values)).digest("hex").slice(0, 8)}`);
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(module).filter((name) => name.endsWith(".tf"))) copyFileSync(join(module, file), join(folder, file));
  cpSync(join(module, "zips"), join(folder, "zips"), { recursive: true });
  const variables = Object.fromEntries(Object.entries({ stage: "trial", ...values }).map(([name, value]) => [toSnake(name), value]));
  writeFileSync(join(folder, "terraform.tfvars.json"), JSON.stringify(variables));
  await terraform(tools, folder, "fmt", "-no-color");
  await terraform(tools, folder, "validate", "-no-color");
  await terraform(tools, folder, "apply", "-auto-approve", "-input=false", "-no-color");
  const state = JSON.parse(await terraform(tools, folder, "show", "-json")) as {
    readonly values: { readonly root_module: { readonly resources: Parameters<typeof terraformAsTemplate>[0] } };
  };
  return state.values.root_module.resources;
}
