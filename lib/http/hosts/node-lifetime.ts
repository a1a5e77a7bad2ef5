/** When a reply over `node:http` is over: its client has gone or has it all, or the server is asked to end. */
import type { ServerResponse } from "node:http";
import { type Lifetime, shortLifetime } from "../message.js";

/** Made when it is first asked for, because most calls never do. */
export function lifetimeOf(response: ServerResponse, ending: AbortSignal = shortLifetime.ending): () => Lifetime {
  let lifetime: Lifetime | undefined;
  return () => {
    if (lifetime === undefined) {
      const gone = new AbortController();
      if (response.destroyed) gone.abort();
      else response.once("close", () => gone.abort());
      lifetime = { gone: gone.signal, ending };
    }
    return lifetime;
  };
}
