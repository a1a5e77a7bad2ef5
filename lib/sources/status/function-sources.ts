/** The sources as another function can know them: each source's function is asked what it is. */
import { toRelayError } from "../../errors.js";
import { placeOfFunctions } from "../../relay/invocation.js";
import { askForDescription } from "../../relay/status/route-question.js";
import type { SourceDescription } from "./source-description.js";
import type { KnownSource, SourceProvider } from "./source-provider.js";

/** Functions that are asked at the same time: each may have to start. */
const askedMax = 8;

export const functionSources: SourceProvider = {
  list: async ({ config, deadline }) => {
    const names = config.RELAY_FUNCTION_PREFIX === undefined ? [] : (config.RELAY_SOURCES ?? []);
    const known: KnownSource[] = [];
    const describe = async (name: string): Promise<KnownSource> => {
      try {
        const description = await askForDescription<SourceDescription>(placeOfFunctions(config), "source", name, deadline);
        return { name, description, fault: null };
      } catch (thrown) {
        const { code, message } = toRelayError(thrown);
        return { name, description: null, fault: { code, message } };
      }
    };
    for (let at = 0; at < names.length; at += askedMax) known.push(...(await Promise.all(names.slice(at, at + askedMax).map(describe))));
    return known;
  },
};
