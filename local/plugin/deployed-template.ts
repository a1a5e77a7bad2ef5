/** The template of the stack that is deployed, read with the framework's own client and credentials. */
import { createRequire } from "node:module";
import { join } from "node:path";
import type { AwsProvider } from "./framework.js";

const compareTimeoutMs = 20_000;

/** As CloudFormation returns it. Undefined: the stack does not exist, or cannot be read, which is a warning. */
export async function deployedTemplate(serviceDir: string, provider: AwsProvider, stack: string): Promise<unknown> {
  try {
    return await read(serviceDir, provider, stack);
  } catch (thrown) {
    const { message } = thrown as Error;
    if (!message.includes("does not exist"))
      console.error(`warning: the deployed template of ${stack} was not compared with the new one: ${message}`);
    return undefined;
  }
}

async function read(serviceDir: string, provider: AwsProvider, StackName: string): Promise<unknown> {
  const framework = createRequire(join(serviceDir, "package.json")).resolve("serverless/package.json");
  const { CloudFormationClient, GetTemplateCommand } = createRequire(framework)("@aws-sdk/client-cloudformation");
  const client = new CloudFormationClient(await provider.getAwsSdkV3Config());
  try {
    const { TemplateBody } = await client.send(new GetTemplateCommand({ StackName }), {
      abortSignal: AbortSignal.timeout(compareTimeoutMs),
    });
    return TemplateBody;
  } finally {
    client.destroy();
  }
}
