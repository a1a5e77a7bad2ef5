/**
 * What a load needs of a deployment: environments, connections, cold starts and money, from a few assumptions. Pure. `simulation.ts` checks the first three by
 * arrivals one by one.
 */

export interface Load {
  /** Calls per second, on average over a month. */
  readonly rps: number;
  /** How many times the average the busiest minute is. */
  readonly peakFactor: number;
  readonly recordsPerCall: number;
  readonly recordBytes: number;
  /** Of a call in a warm environment. */
  readonly callMs: number;
  /** Until a new environment can answer: start, TLS, authentication, metadata. */
  readonly coldMs: number;
  readonly brokers: number;
  /** New connections that a broker accepts per second: 100 with an IAM listener, 4 on t3 brokers (https://docs.aws.amazon.com/msk/latest/developerguide/limits.html). */
  readonly connectsPerSecondMax: number;
  /** How many environments the produce function may have. */
  readonly environmentsMax: number;
  readonly throttleRate: number;
  readonly routes: number;
  /** Records of one invocation of a route, and how long it takes. */
  readonly batchRecords: number;
  readonly batchMs: number;
}

export const defaultLoad: Load = {
  rps: 20,
  peakFactor: 3,
  recordsPerCall: 10,
  recordBytes: 500,
  callMs: 20,
  coldMs: 700,
  brokers: 3,
  connectsPerSecondMax: 100,
  environmentsMax: 50,
  throttleRate: 100,
  routes: 3,
  batchRecords: 500,
  batchMs: 300,
};

interface LoadPlan {
  readonly peakRps: number;
  /** In the busiest minute, when all of them are warm. */
  readonly warmEnvironments: number;
  /** If the busiest minute begins at once and finds none of them. */
  readonly environments: number;
  readonly connectionsPerBroker: number;
  readonly coldStartsPerSecond: number;
  readonly costs: readonly { readonly what: string; readonly usdPerMonth: number }[];
  readonly warnings: readonly string[];
}

/** A minute has many moments: what is planned may be exceeded in one of a million. */
const exceededShare = 1e-6;

/** The smallest number that a random count with this mean (Poisson) exceeds that seldom. */
function almostNeverAbove(mean: number): number {
  let [count, logShare, above] = [0, -mean, 1];
  while (above > exceededShare && count < mean + 10 * Math.sqrt(mean) + 20) {
    above -= Math.exp(logShare);
    if (above <= exceededShare) break;
    count++;
    logShare += Math.log(mean / count);
  }
  return count;
}

export function planFor(load: Load): LoadPlan {
  const { rps, peakFactor, callMs, coldMs, environmentsMax } = load;
  const peakRps = rps * peakFactor;
  // Little's law: how many calls are in progress.
  const warmEnvironments = Math.max(1, almostNeverAbove((peakRps * callMs) / 1000));
  // Until the first environments are ready, each call starts one.
  const wanted = Math.max(1, almostNeverAbove((peakRps * (coldMs + callMs)) / 1000));
  const environments = Math.min(environmentsMax, wanted);
  const coldStartsPerSecond = Math.min(environments, almostNeverAbove(peakRps));
  return {
    peakRps,
    warmEnvironments,
    environments,
    connectionsPerBroker: environments,
    coldStartsPerSecond,
    costs: costsOf(load),
    warnings: warningsFor(load, { peakRps, warmEnvironments, wanted, coldStartsPerSecond }),
  };
}

function warningsFor(
  load: Load,
  plan: { readonly peakRps: number; readonly warmEnvironments: number; readonly wanted: number; readonly coldStartsPerSecond: number },
): readonly string[] {
  const { environmentsMax, throttleRate, connectsPerSecondMax } = load;
  const { peakRps, warmEnvironments, wanted, coldStartsPerSecond } = plan;
  return [
    ...(peakRps > throttleRate
      ? [
          `throttleRate: the busiest minute has ${Math.ceil(peakRps)} calls per second, but the API accepts ${throttleRate}; the others get 429`,
        ]
      : []),
    ...(warmEnvironments > environmentsMax
      ? [`environments: the busiest minute needs ${warmEnvironments}, but the function may have ${environmentsMax}; calls are throttled`]
      : wanted > environmentsMax
        ? [
            `environments: a busiest minute that begins at once would start ${wanted}, but the function may have ${environmentsMax}; calls are throttled until the first ones are ready`,
          ]
        : []),
    ...(coldStartsPerSecond > connectsPerSecondMax
      ? [
          `connections: ${coldStartsPerSecond} environments may start in a second, but each broker accepts ${connectsPerSecondMax} new connections; the others are refused and tried again`,
        ]
      : []),
  ];
}

const secondsPerMonth = 30 * 24 * 3600;
const hoursPerMonth = 730;
const gigabyte = 1e9;

/** List prices of us-east-1 in USD. */
export const prices = {
  callMillion: 1,
  invocationMillion: 0.2,
  gbSecond: 0.0000133334,
  logGb: 0.5,
  metric: 0.3,
  alarm: 0.1,
  dashboard: 3,
  secret: 0.4,
  natHour: 0.045,
  crossZoneGb: 0.02,
} as const;

/** Bytes of log lines: the gateway's access log and the metrics of a produce call; a batch's line and metrics. */
const logBytes = { call: 350 + 330, batch: 350 + 450 };
const produceGb = 1;
const routeGb = 0.5;
const metricsOfApi = 3;
const metricsOfRoute = 6;
const functionsOfApi = 8;
const alarmsOfApi = 3;
const alarmsOfFunction = 2;
const alarmsOfRoute = 2;
const secrets = 2;
/** Of three zones, two are others. */
const crossZoneShare = 2 / 3;

function costsOf({ rps, recordsPerCall, recordBytes, callMs, routes, batchRecords, batchMs }: Load): LoadPlan["costs"] {
  const calls = rps * secondsPerMonth;
  const records = calls * recordsPerCall;
  const batches = routes === 0 ? 0 : records / batchRecords;
  // Written once, and read once by one route.
  const bytes = records * recordBytes * (routes === 0 ? 1 : 2);
  const alarms = alarmsOfApi + (functionsOfApi + routes) * alarmsOfFunction + routes * alarmsOfRoute;
  const cost = (what: string, usdPerMonth: number) => ({ what, usdPerMonth });
  return [
    cost("HTTP API calls", (calls / 1e6) * prices.callMillion),
    cost("Lambda invocations", ((calls + batches) / 1e6) * prices.invocationMillion),
    cost("Lambda time", ((calls * callMs * produceGb + batches * batchMs * routeGb) / 1000) * prices.gbSecond),
    cost("logs: access, metrics, batches", ((calls * logBytes.call + batches * logBytes.batch) / gigabyte) * prices.logGb),
    cost("metrics in CloudWatch", (metricsOfApi + routes * metricsOfRoute) * prices.metric),
    cost("alarms and dashboard", alarms * prices.alarm + prices.dashboard),
    cost("secrets", secrets * prices.secret),
    cost("NAT gateway, without traffic", hoursPerMonth * prices.natHour),
    cost("traffic between zones", (bytes / gigabyte) * crossZoneShare * prices.crossZoneGb),
  ];
}
