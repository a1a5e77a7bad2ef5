/** Where a secret may come from, how long it is kept, and that nothing shows it. */
import { expect, test } from "vitest";
import { createSecrets } from "../../lib/secrets.js";

const arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders-AbCdEf";

test("plain text is itself, and env:NAME is the variable, read each time", async () => {
  const environment: Record<string, string> = { TOKEN: "one" };
  const secret = createSecrets({ environment: (name) => environment[name] });
  expect(await secret("https://example.com")).toBe("https://example.com");
  expect(await secret("env:TOKEN")).toBe("one");
  environment.TOKEN = "two";
  expect(await secret("env:TOKEN")).toBe("two");
  await expect(secret("env:MISSING")).rejects.toThrow("The environment variable MISSING is not set");
});

test("a variable may hold the ARN of the secret, with the field of it", async () => {
  const secret = createSecrets({
    environment: (name) => (name === "TOKEN" ? `${arn}#token` : undefined),
    secretsManager: async () => '{"token":"s3cret"}',
  });

  expect(await secret("env:TOKEN")).toBe("s3cret");
});

test("a secret of Secrets Manager is asked for once, kept, and asked for again when it is refused, but not over and over", async () => {
  const asked: string[] = [];
  let nowMs = 0;
  const secret = createSecrets({
    keptMs: 60_000,
    now: () => nowMs,
    secretsManager: async (name, region) => `${name} ${region} ${asked.push(name)}`,
  });
  expect(await Promise.all([secret(arn), secret(arn)])).toEqual([`${arn} eu-central-1 1`, `${arn} eu-central-1 1`]);
  nowMs = 59_000;
  expect(await secret(arn)).toContain(" 1");
  expect(await secret(arn, { refresh: true })).toContain(" 2");
  nowMs = 60_000;
  expect(await secret(arn, { refresh: true })).toContain(" 2");
  nowMs = 120_000;
  expect(await secret(arn)).toContain(" 3");
});

test("what could not be read is asked for again at once", async () => {
  let calls = 0;
  const secret = createSecrets({ secretsManager: async () => (++calls === 1 ? Promise.reject(new Error("down")) : "up") });
  await expect(secret(arn)).rejects.toThrow("down");
  expect(await secret(arn)).toBe("up");
});

test("#field is a member of a JSON secret; a missing one is reported without the rest", async () => {
  const secret = createSecrets({ secretsManager: async () => '{"password":"hunter2","port":5432}' });
  expect(await secret(`${arn}#password`)).toBe("hunter2");
  expect(await secret(`${arn}#port`)).toBe("5432");
  await expect(secret(`${arn}#user`)).rejects.toThrow('The field "user" of the secret');
  await expect(secret(`${arn}#user`)).rejects.not.toThrow("hunter2");
  const plain = createSecrets({ secretsManager: async () => "hunter2" });
  await expect(plain(`${arn}#user`)).rejects.toThrow("is not JSON");
});

test("an ARN of something else is refused", async () => {
  await expect(createSecrets()("arn:aws:s3:::bucket")).rejects.toThrow("is not the ARN of a secret");
});
