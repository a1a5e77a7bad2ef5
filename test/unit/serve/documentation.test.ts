/** Every variable of `serve` is on its page, with the default that it has. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { serveVariables } from "../../../local/serve/variables.js";

const page = readFileSync(new URL("../../../docs/serve.md", import.meta.url), "utf8");

test("every variable stands on the page with its default", () => {
  for (const [name, schema] of Object.entries(serveVariables.entries)) {
    const row = page.split("\n").find((line) => line.startsWith("|") && line.includes(`\`${name}\``));
    expect(row, name).toBeDefined();
    const fallback = (schema as { readonly default?: unknown }).default;
    if (fallback !== undefined) expect(row, name).toContain(`\`${String(fallback)}\``);
  }
});
