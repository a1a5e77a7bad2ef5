/** The kinds of front door, as parameters of a stage. */
const account = "eu-central-1:123456789012";
const certificateArn = `arn:aws:acm:${account}:certificate/11111111-1111-1111-1111-111111111111`;
const wafAcl = `arn:aws:wafv2:${account}:regional/webacl/kafka/11111111-1111-1111-1111-111111111111`;
const tokens = {
  authorizer: "jwt",
  jwtIssuer: "https://issuer.example.com/",
  jwtAudience: "relay",
  jwtKeys: "https://issuer.example.com/jwks.json",
};

export const frontDoors = {
  "an HTTP API with a custom domain": {
    domain: "kafka.example.com",
    certificateArn,
    basePath: "relay",
    corsOrigins: "https://app.example.com",
  },
  "a private REST API": { frontDoor: "rest-private", vpcEndpoints: "vpce-0a1b2c3d4e5f60718" },
  "a private REST API with tokens, a domain and WAF": {
    frontDoor: "rest-private",
    vpcEndpoints: "vpce-0a1b2c3d4e5f60718,vpce-1a1b2c3d4e5f60718",
    domain: "kafka.example.com",
    certificateArn,
    basePath: "relay",
    wafAcl,
    ...tokens,
  },
  "a load balancer": {
    frontDoor: "alb",
    albSecurityGroups: "sg-1a1b2c3d4e5f60718",
    certificateArn,
    wafAcl,
    console: "on",
    ...tokens,
  },
  "Function URLs": { frontDoor: "url", demo: "off", corsOrigins: "https://app.example.com" },
} as const;

export type FrontDoorKind = keyof typeof frontDoors;
