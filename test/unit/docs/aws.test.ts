/** docs/aws.md tells every parameter, and every grant in it is one. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { permissions } from "../../../lib/access.js";
import { toAccessPolicy } from "../../../lib/access-policy.js";
import { parameterNames } from "../../../local/build/deployment/parameter-defaults.js";

const root = join(import.meta.dirname, "../../..");
const page = readFileSync(join(root, "docs/aws.md"), "utf8");
const service = parse(readFileSync(join(root, "serverless.yml"), "utf8"));

test("every parameter of a deployment is documented", () => {
  const parameters = [...parameterNames, ...Object.keys(service.params.default)].filter((name) => !["access", "logLevel"].includes(name));

  for (const parameter of new Set(parameters)) expect(page, parameter).toContain(`\`${parameter}\``);
});

test("the grants to begin with are grants", () => {
  const [, grants = ""] = /cat > grants\.json <<'END'\n([\s\S]*?)\n\s*END/.exec(page) ?? [];

  expect(toAccessPolicy({ RELAY_ACCESS: "grants", RELAY_ACCESS_GRANTS: grants })).toHaveLength(2);
});

test("every permission is documented", () => {
  const documented = [...page.matchAll(/`([a-z-]+):([a-z ]+)`/g)].flatMap(([, resource, acts = ""]) =>
    acts.split(" ").map((act) => `${resource}:${act}`),
  );

  for (const permission of permissions) expect(documented).toContain(permission);
});
