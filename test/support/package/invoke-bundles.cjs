// Runs in a Node of its own, also a newer one: loads bundles, invokes each with an event, and says what came of it and what was loaded. JSON in and out.
const Module = require("node:module");

const loaded = new Set();
const load = Module._load;
Module._load = function (request, ...rest) {
  if (request.startsWith("@aws-sdk/") || request.startsWith("@smithy/")) loaded.add(request);
  return load.call(this, request, ...rest);
};

// Short, so that a route whose database cannot be reached gives up soon.
const timeLeftDefaultMs = 4_000;

async function invoke({ key, path, event, timeLeftMs = timeLeftDefaultMs }) {
  const { handler } = require(path);
  const startedMs = Date.now();
  const context = { functionName: key, awsRequestId: "test", getRemainingTimeInMillis: () => timeLeftMs - (Date.now() - startedMs) };
  try {
    return { key, answer: (await handler(event, context)) ?? null };
  } catch (error) {
    return { key, thrown: String(error?.message ?? error) };
  }
}

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const results = [];
  for (const call of JSON.parse(Buffer.concat(chunks).toString("utf8"))) results.push(await invoke(call));
  process.stdout.write(`\nRESULT ${JSON.stringify({ node: process.version, results, sdk: [...loaded] })}\n`, () => process.exit(0));
}

main();
