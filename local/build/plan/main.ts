/** `npm run plan -- --rps 100 --brokers 3`: environments, connections, cold starts and monthly cost of a load, with the assumptions behind them. */
import Table from "cli-table3";
import { readOptions } from "../../processes/options.js";
import { defaultLoad, type Load, planFor, prices } from "./plan.js";
import { simulate } from "./simulation.js";

const names = {
  rps: "rps",
  "peak-factor": "peakFactor",
  "records-per-call": "recordsPerCall",
  "record-bytes": "recordBytes",
  "call-ms": "callMs",
  "cold-ms": "coldMs",
  brokers: "brokers",
  "connects-per-second": "connectsPerSecondMax",
  environments: "environmentsMax",
  "throttle-rate": "throttleRate",
  routes: "routes",
  "batch-records": "batchRecords",
  "batch-ms": "batchMs",
} as const satisfies Readonly<Record<string, keyof Load>>;
const numbersMax = 1_000_000;
const simulatedSeconds = 60;
/** A minute of this many calls is simulated within seconds. */
const simulatedRpsMax = 20_000;

const values: Readonly<Record<string, string | boolean | undefined>> = readOptions({
  ...(Object.fromEntries(Object.keys(names).map((name) => [name, { type: "string" }])) as Record<string, { type: "string" }>),
  json: { type: "boolean", default: false },
});
const load: Load = { ...defaultLoad, ...Object.fromEntries(Object.entries(names).flatMap(([option, member]) => given(option, member))) };
const plan = planFor(load);
const simulated = plan.peakRps <= simulatedRpsMax ? simulate(load, simulatedSeconds, Math.random) : undefined;
// A reader such as `head` may have seen enough.
process.stdout.once("error", () => process.exit(0));
if (values.json === true) console.log(JSON.stringify({ load, plan, simulated, prices }, undefined, 2));
else print();

function given(option: string, member: keyof Load): readonly (readonly [keyof Load, number])[] {
  const text = values[option];
  if (text === undefined) return [];
  const value = Number(text);
  const least = member === "routes" ? 0 : Number.MIN_VALUE;
  if (text !== "" && value >= least && value <= numbersMax) return [[member, value]];
  console.error(`--${option} must be a number above 0 and up to ${numbersMax}, not ${JSON.stringify(text)}.`);
  process.exit(2);
}

function print(): void {
  const style = { head: [], border: [] };
  const sizes = new Table({ head: ["in the busiest minute", "planned", "simulated"], style });
  const row = (what: string, planned: number, seen: number | undefined) => sizes.push([what, Math.ceil(planned), seen ?? "too large"]);
  row("calls per second", plan.peakRps, simulated && Math.round(simulated.calls / simulatedSeconds));
  row("warm environments in use", plan.warmEnvironments, simulated?.warmEnvironments);
  row("environments, if it begins at once", plan.environments, simulated?.environments);
  row("new environments, and connections per broker, in a second", plan.coldStartsPerSecond, simulated?.coldStartsPerSecond);
  row("connections per broker", plan.connectionsPerBroker, simulated?.environments);
  row("connections to all brokers", plan.connectionsPerBroker * load.brokers, simulated && simulated.environments * load.brokers);
  row("calls throttled", 0, simulated?.throttled);
  console.log(sizes.toString());
  const costs = new Table({ head: ["per month", "USD"], style, colAligns: ["left", "right"] });
  const total = plan.costs.reduce((sum, { usdPerMonth }) => sum + usdPerMonth, 0);
  for (const { what, usdPerMonth } of [...plan.costs, { what: "together, without the cluster", usdPerMonth: total }]) {
    costs.push([what, usdPerMonth.toFixed(2)]);
  }
  console.log(costs.toString());
  const assumed = Object.entries(names).map(([option, member]) => `--${option} ${load[member]}`);
  console.log(`Assumptions: ${assumed.join(" ")}`);
  console.log(`Prices of us-east-1 in USD: ${JSON.stringify(prices)}`);
  for (const warning of plan.warnings) console.log(`warning: ${warning}`);
}
