/** What knows the sources: the process that runs them, or one that can ask their functions. `GET /sources` returns what it knows. */
import type { Config } from "../../config.js";
import type { Deadline } from "../../deadline.js";
import type { SourceDescription } from "./source-description.js";

export interface KnownSource {
  readonly name: string;
  /** Null: it cannot be described, and `fault` says why. */
  readonly description: SourceDescription | null;
  readonly fault: { readonly code: string; readonly message: string } | null;
}

export interface SourceProvider {
  /** Empty where no sources run. */
  readonly list: (context: { readonly config: Config; readonly deadline: Deadline }) => Promise<readonly KnownSource[]>;
}

export const noSources: SourceProvider = { list: async () => [] };
