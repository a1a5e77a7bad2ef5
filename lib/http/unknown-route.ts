/** Which methods a path has that the gateway found no operation for. Pure. */

/** The methods at a path, by the paths of the API's description, HEAD and OPTIONS with them; undefined where there is nothing. */
export function allowedMethods(
  paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  rawPath: string,
): readonly string[] | undefined {
  const given = rawPath.split("/");
  const methods = new Set<string>();
  for (const [template, operations] of Object.entries(paths)) {
    if (isAt(template, given)) for (const method of Object.keys(operations)) methods.add(method.toUpperCase());
  }
  if (methods.size === 0) return undefined;
  if (methods.has("GET")) methods.add("HEAD");
  methods.add("OPTIONS");
  return [...methods].sort();
}

function isAt(template: string, given: readonly string[]): boolean {
  const parts = template.split("/");
  return (
    parts.length === given.length && parts.every((part, index) => part === given[index] || (part.startsWith("{") && given[index] !== ""))
  );
}
