/**
 * The framework's variables in serverless.yml that have a value without the framework and without AWS: `${param:x}`, `${env:X}`, `${self:x.y}`, `${sls:stage}`,
 * `${opt:stage}`, each with fallbacks (https://www.serverless.com/framework/docs/guides/variables). Pure.
 */

interface VariableSources {
  readonly stage: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The whole document, whose variables are not resolved yet. */
  readonly document: unknown;
}

/** A variable that has no value; `message` says which. */
class NoValue extends Error {}

const depthMax = 20;
const variable = /\$\{((?:[^${}']|'[^']*')*)\}/;

/** The value with every variable replaced. Throws an Error that names a variable without a value. */
export function resolveVariables(value: unknown, sources: VariableSources, depth = 0): unknown {
  if (depth > depthMax) throw new NoValue("its variables refer to each other without end");
  if (typeof value === "string") return resolveText(value, sources, depth);
  if (Array.isArray(value)) return value.map((one) => resolveVariables(one, sources, depth));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, resolveVariables(one, sources, depth)]));
}

/** A text that is one variable becomes that variable's value, whatever its type. Innermost variables come first. */
function resolveText(text: string, sources: VariableSources, depth: number): unknown {
  let left = text;
  for (let times = 0; times <= depthMax * depthMax; times++) {
    const [whole, expression] = variable.exec(left) ?? [];
    if (whole === undefined || expression === undefined) return left;
    const value = resolveVariables(firstValue(expression, sources), sources, depth + 1);
    if (left === whole) return value;
    left = left.replace(whole, () => String(value));
  }
  throw new NoValue("its variables refer to each other without end");
}

/** The first alternative that has a value. */
function firstValue(expression: string, sources: VariableSources): unknown {
  for (const alternative of expression.split(/,(?=(?:[^']*'[^']*')*[^']*$)/)) {
    const value = sourceValue(alternative.trim(), sources);
    if (value !== undefined) return value;
  }
  throw new NoValue(`\${${expression}} has no value here`);
}

function sourceValue(text: string, { stage, env, document }: VariableSources): unknown {
  const quoted = /^'(.*)'$|^"(.*)"$/.exec(text);
  if (quoted !== null) return quoted[1] ?? quoted[2] ?? "";
  if (/^(true|false|null|\d+)$/.test(text)) return JSON.parse(text) as unknown;
  const [, source = "", address = ""] = /^(\w+)(?:\([^)]*\))?:(.*)$/.exec(text) ?? [];
  switch (source) {
    case "env":
      return env[address];
    case "param":
      return at(document, ["params", stage, address]) ?? at(document, ["params", "default", address]);
    case "self":
      return address === "" ? document : at(document, address.split("."));
    case "sls":
      return address === "stage" ? stage : undefined;
    case "opt":
      return address === "stage" ? stage : undefined;
    default:
      return undefined;
  }
}

function at(from: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, name) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined,
    from,
  );
}
