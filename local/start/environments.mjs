// A plugin of the framework: how many environments of a function run side by side on a laptop. serverless-offline begins one for every call that finds none
// free, each a thread that loads the function anew: a hundred calls at once would keep two cores busy for longer than the calls may take.
import { asGatewaySent } from "../gateway/gateway-event.mjs";
import { createTurns } from "./turns.mjs";

/** A call waits so long for an environment that is busy before another is begun: most calls take a few milliseconds, a long poll half a minute. */
const patienceMs = 250;
const patienceMaxMs = 1_000;
/** serverless-offline ends environments that were unused for a minute. */
const unusedMaxMs = 50_000;

export default class EnvironmentsPlugin {
  constructor(serverless) {
    this.serverless = serverless;
    this.turns = new Map();
    this.hooks = {
      "before:offline:start:init": () => this.begin(),
      // A saved edit ends all that are there.
      "after:offline:functionsUpdated:cleanup": () => this.turns.clear(),
    };
  }

  async begin() {
    const { default: Lambda } = await import("serverless-offline/lambda");
    const environmentOf = Lambda.prototype.get;
    const { turns } = this;
    Lambda.prototype.get = function get(functionKey) {
      return callOf(turnsOf(turns, functionKey), () => environmentOf.call(this, functionKey));
    };
  }
}

function turnsOf(all, functionKey) {
  const nowMs = Date.now();
  let known = all.get(functionKey);
  if (known === undefined) {
    known = { ...createTurns(patienceMs, patienceMaxMs), usedAtMs: nowMs };
    all.set(functionKey, known);
  }
  if (nowMs - known.usedAtMs > unusedMaxMs) known.forget();
  known.usedAtMs = nowMs;
  return known;
}

/** What serverless-offline asks of a function, done once it is its turn. */
function callOf(turns, environmentOf) {
  const given = {};
  return {
    setEvent: (event) => {
      given.event = asGatewaySent(event);
    },
    setClientContext: (clientContext) => {
      given.clientContext = clientContext;
    },
    async runHandler() {
      const end = await turns.take();
      try {
        const environment = environmentOf();
        environment.setEvent(given.event);
        if (given.clientContext !== undefined) environment.setClientContext(given.clientContext);
        return await environment.runHandler();
      } finally {
        end();
      }
    },
  };
}
