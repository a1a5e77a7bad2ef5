/** The parts of an Amazon Resource Name (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html). Pure. */
interface Arn {
  readonly region: string;
  readonly account: string;
  /** Everything after the account: "orders.fifo", "stream/orders". */
  readonly resource: string;
}

export function parseArn(arn: string): Arn {
  const [, , , region = "", account = "", ...resource] = arn.split(":");
  return { region, account, resource: resource.join(":") };
}
