/** What a checker of templates for security finds in ours, and why each finding stands. A finding without an answer fails. */
import { expect, test } from "vitest";
import { checkTemplate } from "../support/package/checkov.js";
import { packageService } from "../support/package/packaged.js";

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
    resources: /^(StrongQuakes|QuakesToSql|QuakesToWebhook)LambdaFunction$/,
    why: "A route runs at most once per partition. A reserved concurrency below that would throttle its mapping.",
  },
  CKV_AWS_18: {
    resources: /^ServerlessDeploymentBucket$/,
    why: "The bucket holds the zips of deployments and no data. Access logs would need a second bucket that outlives the stack.",
  },
};

test("every finding has an answer, and every answer a finding", { timeout: 600_000 }, async () => {
  const { status, output, templatePath } = packageService("prod");
  expect(status, output).toBe(0);
  const findings = await checkTemplate(templatePath);
  if (findings === undefined) return;

  expect(findings.filter(({ check, resource }) => answers[check]?.resources.test(resource) !== true)).toEqual([]);
  expect(Object.keys(answers).filter((check) => !findings.some((finding) => finding.check === check))).toEqual([]);
});
