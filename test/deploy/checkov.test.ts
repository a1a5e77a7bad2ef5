/** What a checker of templates for security finds in ours, and why each finding stands. A finding without an answer fails. */
import { expect, test } from "vitest";
import { checkTemplate } from "../support/package/checkov.js";
import { frontDoors } from "../support/package/front-doors.js";
import { packageService, parameters } from "../support/package/packaged.js";

interface Answer {
  /** The resources that the answer is for. */
  readonly resources: RegExp;
  readonly why: string;
}

const answers: Readonly<Record<string, Answer>> = {
  // https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
  CKV_AWS_116: {
    resources: /LambdaFunction$/,
    why: "Lambda uses a function's dead letter queue for asynchronous invocations only. The API and mappings invoke synchronously, and routes have dead letter topics.",
  },
  CKV_AWS_111: {
    resources: /Role$/,
    why: "EC2 supports no resource for the network interface actions that Lambda needs, and the function's own code is denied them (NoNetworkFromCode).",
  },
  CKV_AWS_115: {
    resources: /^(StrongQuakes|QuakesToSql|QuakesToWebhook|QuakesFromOutbox)LambdaFunction$/,
    why: "A route runs at most once per partition, and a reserved concurrency below that would throttle its mapping. A schedule starts a source once a minute.",
  },
  CKV_AWS_120: {
    resources: /^FrontDoorStage$/,
    why: "Answers are not cached: they depend on the caller's grants and on what Kafka holds at that moment.",
  },
  CKV_AWS_91: {
    resources: /^FrontDoorLoadBalancer$/,
    why: "The functions log each call with its caller (RELAY_REQUEST_LOG). A log of the load balancer would need a bucket that outlives the stack.",
  },
  CKV_AWS_18: {
    resources: /^ServerlessDeploymentBucket$/,
    why: "The bucket holds the zips of deployments and no data. Access logs would need a second bucket that outlives the stack.",
  },
};

/** Not every door answers the preflight requests of browsers. */
const { corsOrigins: _, ...shared } = parameters;
const stages: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["an HTTP API", parameters],
  ["versions", { ...parameters, deployment: "canary10" }],
  ...Object.entries(frontDoors).map(([name, door]) => [name, { ...shared, ...door }] as const),
];
const found = new Set<string>();

test.each(stages)("with %s every finding has an answer", { timeout: 600_000 }, async (_name, given) => {
  const { status, output, templatePath } = packageService("prod", given);
  expect(status, output).toBe(0);
  const findings = (await checkTemplate(templatePath)) ?? [];
  for (const { check } of findings) found.add(check);

  expect(findings.filter(({ check, resource }) => answers[check]?.resources.test(resource) !== true)).toEqual([]);
});

test("every answer has a finding", () => {
  if (found.size > 0) expect(Object.keys(answers).filter((check) => !found.has(check))).toEqual([]);
});
