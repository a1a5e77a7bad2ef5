/** A packaged template as both modules are written from it: its resources in the order of their references, without the bucket that only the framework deploys from. Pure. */
import { type Expression, expressionsOf, type Members, withoutStandIns } from "./expression.js";
import type { ModuleVariable } from "./variables.js";

export interface ModuleResource {
  /** Its logical id, without the names that stand in for variables. */
  readonly id: string;
  readonly type: string;
  readonly properties: Members;
  readonly dependsOn: readonly string[];
}

export interface Module {
  readonly variables: readonly ModuleVariable[];
  readonly resources: readonly ModuleResource[];
  readonly outputs: readonly { readonly name: string; readonly meaning: string; readonly value: Expression }[];
  /** What was settled when it was written, such as `kafkaAuthentication=iam`. */
  readonly settled: readonly string[];
}

export interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties?: Record<string, unknown>; readonly DependsOn?: string | string[] }>
  >;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown; readonly Description?: string }>>;
}

/** A module carries its own zips. */
const deploymentBucket = /^ServerlessDeploymentBucket/;

export function readModule(template: Template, variables: readonly ModuleVariable[], settled: readonly string[]): Module {
  const toExpression = expressionsOf(variables);
  const own = Object.entries(template.Resources).filter(([id]) => !deploymentBucket.test(id));
  const resources = own.map(([id, { Type, Properties = {}, DependsOn = [] }]): ModuleResource => {
    const dependsOn = [DependsOn].flat().map(withoutStandIns);
    return { id: withoutStandIns(id), type: Type, properties: propertiesOf(Properties, toExpression), dependsOn };
  });
  const outputs = Object.entries(template.Outputs ?? {})
    .filter(([name]) => !deploymentBucket.test(name))
    .map(([name, { Value, Description = "" }]) => ({ name, meaning: Description, value: toExpression(Value) }));
  return { variables, resources: inOrder(resources), outputs, settled };
}

/** The code of a function is the name of its zip. */
function propertiesOf(properties: Record<string, unknown>, toExpression: ReturnType<typeof expressionsOf>): Members {
  return Object.entries(properties).map(([name, value]) => {
    const zip = name === "Code" ? /([^/]+)\.zip$/.exec(String((value as { readonly S3Key?: unknown }).S3Key))?.[1] : undefined;
    return [name, zip === undefined ? toExpression(value, name) : { kind: "literal", value: `${zip}.zip` }];
  });
}

/** Each after what it refers to. A template has no circle; what is left of one would be written last. */
function inOrder(resources: readonly ModuleResource[]): readonly ModuleResource[] {
  const ordered: ModuleResource[] = [];
  const known = new Map(resources.map((one) => [one.id, one]));
  const seen = new Set<string>();
  const visit = (resource: ModuleResource): void => {
    if (seen.has(resource.id)) return;
    seen.add(resource.id);
    const before = [...resource.dependsOn, ...resource.properties.flatMap(([, value]) => referencesIn(value))];
    for (const id of before) {
      const other = known.get(id);
      if (other !== undefined) visit(other);
    }
    ordered.push(resource);
  };
  for (const resource of resources) visit(resource);
  return ordered;
}

function referencesIn(expression: Expression): readonly string[] {
  switch (expression.kind) {
    case "reference":
      return [expression.id];
    case "text":
      return expression.parts.flatMap((part) => (typeof part === "string" ? [] : referencesIn(part)));
    case "list":
      return expression.items.flatMap(referencesIn);
    case "object":
      return expression.members.flatMap(([, value]) => referencesIn(value));
    case "each":
      return referencesIn(expression.item);
    default:
      return [];
  }
}
