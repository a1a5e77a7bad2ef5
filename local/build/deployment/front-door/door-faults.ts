/** Which settings a front door can work with: what cannot, one sentence each. Pure. */
import type { GivenSettings } from "../parameters.js";
import type { DoorCall } from "./calls.js";
import { checksTokens } from "./door-variables.js";

type Door = GivenSettings["frontDoor"];

const names: Readonly<Record<Door, string>> = {
  http: "an HTTP API",
  "rest-private": "a private REST API",
  alb: "a load balancer",
  url: "a Function URL",
};
const authorizers: Readonly<Record<Door, readonly GivenSettings["authorizer"][]>> = {
  http: ["iam", "jwt", "none"],
  "rest-private": ["iam", "jwt", "none"],
  alb: ["jwt", "none"],
  url: ["iam"],
};
const whyNot: Readonly<Partial<Record<Door, string>>> = {
  alb: "it does not check signatures",
  url: "without them anybody on the internet could invoke, and make you pay for, the functions",
};

export function doorFaults(settings: GivenSettings): readonly string[] {
  const { frontDoor: door, authorizer } = settings;
  return [
    ...(authorizers[door].includes(authorizer)
      ? []
      : [
          `authorizer: ${authorizer} does not work with frontDoor ${door}, because ${door === "url" ? "only signed calls reach it: " : ""}${whyNot[door]}; use ${authorizers[door].join(" or ")}`,
        ]),
    ...tokenFaults(settings),
    ...placeFaults(settings),
    ...domainFaults(settings),
    ...shieldFaults(settings),
  ];
}

/** An HTTP API finds the keys of an issuer itself; a function needs their address. */
function tokenFaults(settings: GivenSettings): readonly string[] {
  const { frontDoor, jwtKeys } = settings;
  if (checksTokens(settings) && jwtKeys === "")
    return [
      `jwtKeys: is missing. Behind ${names[frontDoor]} the functions check tokens themselves, with the issuer's key set. Set --param jwtKeys=https://.../jwks.json`,
    ];
  return jwtKeys !== "" && !checksTokens(settings)
    ? ["jwtKeys: is used only with authorizer jwt and frontDoor alb or rest-private; omit it"]
    : [];
}

function placeFaults({ frontDoor, vpcEndpoints, albSecurityGroups, subnets, certificateArn }: GivenSettings): readonly string[] {
  return [
    ...(frontDoor === "rest-private" && vpcEndpoints.length === 0
      ? [
          "vpcEndpoints: is missing. A private REST API is reached through interface endpoints of execute-api. Set --param vpcEndpoints=vpce-...",
        ]
      : []),
    ...(frontDoor !== "rest-private" && vpcEndpoints.length > 0 ? ["vpcEndpoints: is used only with frontDoor rest-private; omit it"] : []),
    ...(frontDoor === "alb" && albSecurityGroups.length === 0
      ? [
          "albSecurityGroups: is missing. It lists security groups that admit callers to the load balancer on port 443. Set --param albSecurityGroups=sg-...",
        ]
      : []),
    ...(frontDoor !== "alb" && albSecurityGroups.length > 0 ? ["albSecurityGroups: is used only with frontDoor alb; omit it"] : []),
    ...(frontDoor === "alb" && subnets.length < 2
      ? ["subnets: a load balancer needs at least two subnets, in different availability zones"]
      : []),
    ...(frontDoor === "alb" && certificateArn === ""
      ? ["certificateArn: is missing. The load balancer accepts HTTPS only. Set --param certificateArn=arn:aws:acm:..."]
      : []),
  ];
}

function domainFaults({ frontDoor, domain, certificateArn, basePath }: GivenSettings): readonly string[] {
  if (frontDoor === "url" && (domain !== "" || certificateArn !== "" || basePath !== ""))
    return ["domain: a Function URL has no custom domain; omit domain, certificateArn and basePath"];
  if (frontDoor === "alb")
    return [
      ...(domain === ""
        ? []
        : [
            "domain: a load balancer answers to every name; omit it, and point the name of the certificate to the load balancer in your DNS",
          ]),
      ...(basePath === "" ? [] : ["basePath: a load balancer has no base path; omit it"]),
    ];
  return [
    ...(domain !== "" && certificateArn === ""
      ? [
          "certificateArn: is missing. A custom domain needs a certificate of ACM in the same region. Set --param certificateArn=arn:aws:acm:...",
        ]
      : []),
    ...(domain === "" && certificateArn !== "" ? ["domain: is missing. certificateArn is the certificate of a domain"] : []),
    ...(domain === "" && basePath !== "" ? ["domain: is missing. basePath is a path of a domain"] : []),
    ...(ownPaths.includes(basePath) ? [`basePath: ${basePath} is the beginning of paths of the API; use another one`] : []),
  ];
}

/** Calls with and without the base path could not be distinguished. */
const ownPaths = ["topics", "v3", "brokers", "cluster", "dead-letters", "routes", "sources", "health", "permissions", "console"];

/** https://docs.aws.amazon.com/waf/latest/developerguide/how-aws-waf-works-resources.html */
function shieldFaults({ frontDoor, wafAcl, corsOrigins }: GivenSettings): readonly string[] {
  const hasWaf = frontDoor === "rest-private" || frontDoor === "alb";
  return [
    ...(wafAcl !== "" && !hasWaf ? [`wafAcl: AWS WAF does not support ${names[frontDoor]}; use frontDoor rest-private or alb`] : []),
    ...(corsOrigins.length > 0 && hasWaf
      ? [`corsOrigins: ${names[frontDoor]} does not answer preflight requests of browsers; use frontDoor http`]
      : []),
  ];
}

/** What the calls of the stage decide. */
export function doorCallFaults({ frontDoor }: Pick<GivenSettings, "frontDoor">, calls: readonly DoorCall[]): readonly string[] {
  if (frontDoor !== "url") return [];
  return [...new Set(calls.filter(({ isOpen }) => isOpen).map(({ functionKey }) => functionKey))].map(
    (key) =>
      `function ${key}: behind frontDoor url every call must be signed with AWS credentials, which the callers of this function do not do; use another front door, or switch it off`,
  );
}

export function doorWarnings({ frontDoor, reservedConcurrency }: GivenSettings): readonly string[] {
  return (frontDoor === "alb" || frontDoor === "url") && reservedConcurrency === "off"
    ? [
        `frontDoor: ${names[frontDoor]} does not throttle calls, and reservedConcurrency is off, so nothing bounds how many functions run at once`,
      ]
    : [];
}
