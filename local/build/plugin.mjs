// A plugin of the framework, for `package` and `deploy`: builds the functions and names each one's zip as its package.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const buildTimeoutMs = 120_000;

export default class BuildPlugin {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = { "before:package:createDeploymentArtifacts": () => this.build() };
  }

  build() {
    const { service, serviceDir } = this.serverless;
    const tsx = join(serviceDir, "node_modules/tsx/dist/cli.mjs");
    const { status, stdout, stderr } = spawnSync(process.execPath, [tsx, join(serviceDir, "local/build/main.ts")], {
      cwd: serviceDir,
      encoding: "utf8",
      timeout: buildTimeoutMs,
    });
    if (status !== 0) throw new this.serverless.classes.Error(`The functions could not be built:\n${stdout}${stderr}`);
    for (const key of service.getAllFunctions()) {
      const definition = service.getFunction(key);
      // serverless.yml names no artifact: serverless-offline would run it instead of the sources.
      definition.package = { ...definition.package, individually: true, artifact: join(".build/zips", `${key}.zip`) };
    }
  }
}
