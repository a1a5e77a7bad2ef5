/** The schemas that a schema refers to, and those that they refer to. */
import { RelayError } from "../../errors.js";
import type { ResolvedSchema, SchemaReference, SubjectVersion } from "./registry.js";

const referencesMax = 200;
const referenceDepthMax = 30;

/** Post-order: a schema stands after everything that it uses. */
export async function resolveReferences(
  references: readonly SchemaReference[],
  fetchVersion: (subject: string, version: number) => Promise<SubjectVersion>,
): Promise<ResolvedSchema["resolved"]> {
  const resolved: { readonly name: string; readonly text: string }[] = [];
  const seen = new Set<string>();
  const add = async (list: readonly SchemaReference[], depth: number): Promise<void> => {
    if (depth > referenceDepthMax)
      throw new RelayError("schema-invalid", `The schema's references are nested deeper than ${referenceDepthMax} levels.`);
    for (const { name, subject, version } of list) {
      const key = `${name}\n${subject}\n${version}`;
      if (seen.has(key)) continue;
      seen.add(key);
      if (seen.size > referencesMax) throw new RelayError("schema-invalid", `The schema has more than ${referencesMax} references.`);
      const found = await fetchVersion(subject, version);
      await add(found.references, depth + 1);
      resolved.push({ name, text: found.text });
    }
  };
  await add(references, 0);
  return resolved;
}
