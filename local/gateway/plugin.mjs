// A plugin of the framework that makes serverless-offline's servers answer as the gateway would. By themselves, they allow web pages of every origin everything, with
// credentials, and answer any Host. Listed before serverless-offline.
import { createRequire } from "node:module";
import { keep } from "./gateway-event.mjs";
import { judgeRequest, parseGuardSettings } from "./request-guard.mjs";

export default class GatewayPlugin {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = {
      "before:offline:start:init": () => this.begin(),
      "before:offline:start": () => this.begin(),
    };
  }

  begin() {
    if (this.hasBegun) return;
    this.hasBegun = true;
    const settings = this.settings(this.serverless.service.custom ?? {});
    // The servers are made later, from a class that is not exported. Each of them passes through its `start`.
    const { Server } = createRequire(import.meta.resolve("serverless-offline"))("@hapi/hapi");
    const servers = Object.getPrototypeOf(new Server());
    const { start } = servers;
    servers.start = function guardedStart() {
      guard(this.listener, settings);
      return start.call(this);
    };
  }

  settings({ gateway = {}, "serverless-offline": offline = {} }) {
    try {
      return parseGuardSettings({ ...gateway, boundHost: offline.host });
    } catch (error) {
      throw new this.serverless.classes.Error(error.message);
    }
  }
}

/** Every request to a listener passes here first. */
function guard(listener, settings) {
  const emit = listener.emit;
  listener.emit = function guardedEmit(name, ...args) {
    if (name !== "request" && name !== "checkContinue") return emit.call(this, name, ...args);
    const [request, response] = args;
    return admit(request, response, settings) ? emit.call(this, name, ...args) : true;
  };
}

function admit(request, response, settings) {
  const judged = judgeRequest(request, settings);
  if (judged.verdict === "refused") {
    answer(response, 403, { error_code: 403, message: judged.message });
    return false;
  }
  for (const [name, value] of Object.entries(judged.headers)) response.setHeader(name, value);
  if (judged.verdict === "preflight") {
    response.writeHead(204).end();
    return false;
  }
  if (request.headers.origin !== undefined) varyByOrigin(response);
  // serverless-offline would answer CORS because of the first, and its server would compress because of the second. Functions still see both in the raw headers.
  delete request.headers.origin;
  delete request.headers["accept-encoding"];
  keep(request, response);
  return true;
}

/** The request body is not read to its end, so the connection is closed. */
function answer(response, status, body) {
  const text = JSON.stringify(body);
  response
    .writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text), connection: "close" })
    .end(text);
}

/** The server in between sets `vary` itself, at the end, so ours is added when the head is written. */
function varyByOrigin(response) {
  const writeHead = response.writeHead;
  response.writeHead = function writeHeadWithVary(...args) {
    const given = response.getHeader("vary");
    response.setHeader("vary", given === undefined ? "origin" : `${given}, origin`);
    return writeHead.apply(response, args);
  };
}
