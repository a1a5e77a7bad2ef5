/** What a stage is deployed with: the values of `custom.kafkaRelay.deployment` in serverless.yml, given by `--param` or the environment, checked together. Pure. */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as v from "valibot";
import type { AccessPolicy } from "../../../lib/access.js";
import { toAccessPolicy } from "../../../lib/access-policy.js";
import { clusterFaults } from "./cluster-faults.js";
import { doorFaults, doorWarnings } from "./front-door/door-faults.js";
import { type DeploymentSettings, type GivenSettings, parameters } from "./parameters.js";

type CheckedSettings =
  | { readonly ok: true; readonly settings: DeploymentSettings; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly faults: readonly string[] };

/** Everything that is missing or wrong, each as a sentence that begins with the parameter's name. `folder` is where a relative `grantsFile` lies. */
export function checkSettings(given: unknown, folder: string): CheckedSettings {
  const result = v.safeParse(parameters, given);
  const shapeFaults = (result.issues ?? []).map((issue) => `${v.getDotPath(issue) ?? "custom.kafkaRelay.deployment"}: ${issue.message}`);
  if (!result.typed) return { ok: false, faults: shapeFaults };
  const settings = result.output;
  const grants = grantsOf(settings, folder);
  const faults = [
    ...shapeFaults,
    ...clusterFaults(settings),
    ...missing(settings),
    ...contradictions(settings),
    ...doorFaults(settings),
    ...grantsFaults(settings),
    ...("fault" in grants ? [grants.fault] : []),
  ];
  if (faults.length > 0 || "fault" in grants) return { ok: false, faults };
  return { ok: true, settings: { ...settings, grants: grants.text, policy: grants.policy }, warnings: warningsOf(settings, grants.policy) };
}

function missing({ authorizer, jwtIssuer, jwtAudience }: GivenSettings): readonly string[] {
  return [
    ...(authorizer === "jwt" && jwtIssuer === ""
      ? ["jwtIssuer: is missing. authorizer jwt needs the issuer of the tokens. Set --param jwtIssuer=https://..."]
      : []),
    ...(authorizer === "jwt" && jwtAudience.length === 0
      ? ["jwtAudience: is missing. authorizer jwt needs the audience of the tokens. Set --param jwtAudience=..."]
      : []),
  ];
}

function contradictions({ authorizer, corsOrigins }: GivenSettings): readonly string[] {
  return authorizer === "iam" && corsOrigins.includes("*")
    ? ["corsOrigins: name the origins, because * cannot be combined with signed calls (authorizer iam)"]
    : [];
}

function grantsFaults({ grantsFrom, grantsReloadSeconds, grantsKey }: GivenSettings): readonly string[] {
  if (grantsFrom !== "") return [];
  return [
    ...(grantsReloadSeconds === "" ? [] : ["grantsReloadSeconds: is used only with grantsFrom; omit it"]),
    ...(grantsKey === "" ? [] : ["grantsKey: is used only with grantsFrom; omit it"]),
  ];
}

type Grants = { readonly text: string; readonly policy: AccessPolicy } | { readonly fault: string };

/** Lambda's variables hold 4 KiB together (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html); the others need some. */
const grantsBytesMax = 3_000;

function grantsOf({ grants, grantsFile, grantsFrom }: Pick<GivenSettings, "grants" | "grantsFile" | "grantsFrom">, folder: string): Grants {
  if (grantsFrom !== "" && (grants !== "" || grantsFile !== ""))
    return { fault: "grantsFrom: grants are given by grantsFile or RELAY_ACCESS_GRANTS too; use only one of them" };
  if (grants !== "" && grantsFile !== "") return { fault: "grantsFile: RELAY_ACCESS_GRANTS is set too; use only one of them" };
  const path = resolve(folder, grantsFile);
  if (grantsFile !== "" && !existsSync(path)) return { fault: `grantsFile: the file ${grantsFile} does not exist` };
  const given = grantsFile === "" ? grants : readFileSync(path, "utf8");
  try {
    const policy = toAccessPolicy({ RELAY_ACCESS: "grants", RELAY_ACCESS_GRANTS: given === "" ? undefined : given });
    const compact = given === "" ? "" : JSON.stringify(JSON.parse(given));
    const bytes = Buffer.byteLength(compact);
    if (bytes > grantsBytesMax)
      return {
        fault: `grants: they have ${bytes} bytes, but Lambda's variables have room for ${grantsBytesMax}; use patterns, or put them into a store and name it in grantsFrom`,
      };
    return { text: compact, policy };
  } catch (error) {
    return { fault: `grants: ${(error as Error).message}` };
  }
}

function warningsOf(settings: GivenSettings, policy: AccessPolicy): readonly string[] {
  const { authorizer, kafkaAuthentication, kafkaSecret } = settings;
  return [
    ...doorWarnings(settings),
    ...(authorizer === "none" ? ["authorizer is none: anyone who can reach the API can call it, as the caller anonymous"] : []),
    ...(kafkaAuthentication === "none" ? ["kafkaAuthentication is none: records are sent to the brokers unencrypted"] : []),
    ...(kafkaAuthentication !== "iam" && kafkaSecret !== ""
      ? [
          "kafkaSecret: functions without an entry in kafkaSecrets share one Kafka user, so the cluster's ACLs cannot tell them apart; .build/acls.md lists what each function needs",
        ]
      : []),
    ...(policy.length === 0 && settings.grantsFrom === ""
      ? ["no grants are given: every call to the API gets 403 (set --param grantsFile=grants.json)"]
      : []),
  ];
}
