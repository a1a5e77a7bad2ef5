// A framework plugin that limits how many environments of a function run at the same time. serverless-offline starts one for every call that finds no
// free environment, and each is a thread that loads the function again: a hundred concurrent calls would keep two cores busy until the calls time out.
import { asGatewaySent } from "../gateway/gateway-event.mjs";
import { createTurns } from "./turns.mjs";

/** How long a call waits for a busy environment before another is started: most calls take a few milliseconds, a long poll half a minute. */
const patienceMs = 250;
const patienceMaxMs = 1_000;
/** serverless-offline ends environments that have been unused for a minute. */
const unusedMaxMs = 50_000;

export default class EnvironmentsPlugin {
  constructor(serverless) {
    this.serverless = serverless;
    this.turns = new Map();
    this.hooks = {
      "before:offline:start:init": () => this.begin(),
      // A saved edit ends all environments.
      "after:offline:functionsUpdated:cleanup": () => this.turns.clear(),
    };
  }

  async begin() {
    const { default: Lambda } = await import("serverless-offline/lambda");
    const environmentOf = Lambda.prototype.get;
    const { turns } = this;
    const check = await tokenCheck();
    Lambda.prototype.get = function get(functionKey) {
      return callOf(functionKey, turnsOf(turns, functionKey), check, () => environmentOf.call(this, functionKey));
    };
  }
}

/** Undefined where calls need no token; `npm start -- --auth jwt` sets the key. */
async function tokenCheck() {
  if ((process.env.RELAY_JWT_PUBLIC_KEY ?? "") === "") return undefined;
  const { tsImport } = await import("tsx/esm/api");
  const { createEventCheck } = await tsImport("../gateway/token-check.ts", import.meta.url);
  return createEventCheck(process.env);
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

/** The interface that serverless-offline expects of a function; each call waits for its turn. */
function callOf(functionKey, turns, check, environmentOf) {
  const given = {};
  const run = async () => {
    const { event, refusal } = check === undefined ? { event: given.event } : await check(given.event);
    if (refusal !== undefined) return logged(given.event, refusal);
    const end = await turns.take();
    try {
      const environment = environmentOf();
      environment.setEvent(event);
      if (given.clientContext !== undefined) environment.setClientContext(given.clientContext);
      return await environment.runHandler();
    } finally {
      end();
    }
  };
  return {
    setEvent: (event) => {
      given.event = asGatewaySent(event);
    },
    setClientContext: (clientContext) => {
      given.clientContext = clientContext;
    },
    runHandler() {
      const result = run();
      // Nobody waits for an asynchronous call: without this, its failure would be an unhandled rejection, which ends the process.
      result.catch(({ message }) => console.error(JSON.stringify({ level: "error", message: `${functionKey} failed`, reason: message })));
      return result;
    },
  };
}

/** The line that a function would have written of the call. */
function logged({ rawPath: path, requestContext }, refusal) {
  const { method } = requestContext.http;
  console.error(JSON.stringify({ level: "info", message: "request", method, path, status: refusal.statusCode, tookMs: 0 }));
  return refusal;
}
