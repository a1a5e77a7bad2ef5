// A plugin of the framework: at `package` and `deploy` it checks what is deployed, builds the functions, names each one's zip as its package, and writes roles, alarms
// and limits into the template; at a start on the laptop it checks the routes' mappings. What it does stands in deployment/, in TypeScript.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";

const buildTimeoutMs = 120_000;
const compareTimeoutMs = 20_000;
const local = "local";

export default class BuildPlugin {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = {
      "before:package:cleanup": () => this.prepare(),
      "before:package:createDeploymentArtifacts": () => this.build(),
      "after:package:compileEvents": () => this.complete(),
      "before:deploy:deploy": () => this.compare(),
      "before:offline:start:init": () => this.check(),
      "before:offline:start": () => this.check(),
    };
  }

  async prepare() {
    const { service, serviceDir } = this.serverless;
    const stage = this.serverless.getProvider("aws").getStage();
    if (stage === local) this.fail("The stage local is for the laptop, where everything is allowed. Use another stage: --stage prod.");
    const { prepareDeployment, checkBrokers } = await this.deployment();
    const prepared = await prepareDeployment(service, serviceDir, this.givenRegion());
    // Packaging needs no network; a deployment also asks the brokers.
    const isDeploying = this.serverless.processedInput.commands[0] === "deploy";
    const asked = prepared.deployment && isDeploying ? await checkBrokers(prepared.deployment, process.env) : { faults: [], warnings: [] };
    const faults = [...(prepared.faults ?? []), ...asked.faults];
    if (faults.length > 0)
      this.fail(`The stage ${stage} cannot be packaged:\n  ${faults.join("\n  ")}\ndocs/aws.md describes every parameter.`);
    for (const warning of [...prepared.warnings, ...asked.warnings]) console.error(`warning: ${warning}`);
    this.prepared = prepared.deployment;
  }

  /** The region that the command line or the shell names, if any. */
  givenRegion() {
    return this.serverless.processedInput.options.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  }

  async complete() {
    const { service, serviceDir } = this.serverless;
    const { completeTemplate } = await this.template();
    console.error(completeTemplate(service, this.prepared, join(serviceDir, ".build")));
  }

  /** With the framework's own client and credentials. */
  async deployedTemplate(provider, StackName) {
    const fromFramework = createRequire(join(this.serverless.serviceDir, "node_modules/serverless/package.json"));
    const { CloudFormationClient, GetTemplateCommand } = fromFramework("@aws-sdk/client-cloudformation");
    const client = new CloudFormationClient(await provider.getAwsSdkV3Config());
    try {
      return await client.send(new GetTemplateCommand({ StackName }), { abortSignal: AbortSignal.timeout(compareTimeoutMs) });
    } finally {
      client.destroy();
    }
  }

  /** Only where something is deployed: what CloudFormation would do to the mappings of the stack that exists. */
  async compare() {
    const provider = this.serverless.getProvider("aws");
    const StackName = provider.naming.getStackName();
    let deployed;
    try {
      deployed = await this.deployedTemplate(provider, StackName);
    } catch (thrown) {
      if (/does not exist/.test(thrown.message)) return;
      console.error(`warning: the deployed template of ${StackName} was not compared with the new one: ${thrown.message}`);
      return;
    }
    const { faultsOfReplacement } = await this.template();
    const faults = faultsOfReplacement(deployed.TemplateBody, this.serverless.service);
    if (faults.length > 0) this.fail(`The stack ${StackName} cannot be updated in one step:\n  ${faults.join("\n  ")}`);
  }

  async check() {
    const { prepareStart } = await this.deployment();
    const faults = prepareStart(this.serverless.service);
    if (faults.length > 0) this.fail(faults.join("\n"));
  }

  async deployment() {
    const { tsImport } = await import("tsx/esm/api");
    return tsImport("./deployment/deployment.ts", import.meta.url);
  }

  async template() {
    const { tsImport } = await import("tsx/esm/api");
    return tsImport("./deployment/template.ts", import.meta.url);
  }

  fail(message) {
    throw new this.serverless.classes.Error(message);
  }

  build() {
    const { service, serviceDir } = this.serverless;
    const tsx = join(serviceDir, "node_modules/tsx/dist/cli.mjs");
    const { status, stdout, stderr } = spawnSync(process.execPath, [tsx, join(serviceDir, "local/build/main.ts")], {
      cwd: serviceDir,
      encoding: "utf8",
      timeout: buildTimeoutMs,
    });
    if (status !== 0) this.fail(`The functions could not be built:\n${stdout}${stderr}`);
    for (const key of service.getAllFunctions()) {
      const definition = service.getFunction(key);
      // serverless.yml names no artifact: serverless-offline would run it instead of the sources.
      definition.package = { ...definition.package, individually: true, artifact: join(".build/zips", `${key}.zip`) };
    }
  }
}
