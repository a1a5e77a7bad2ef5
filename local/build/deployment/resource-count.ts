/** How many of the resources that CloudFormation allows in a template are used, and how many routes still fit. Pure. */
import type { FunctionNeeds } from "./needs.js";
import type { Resource } from "./roles.js";

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const resourcesMax = 500;
/** Function, role, log group, mapping, and the alarms for failures, lag and dead letters. */
const resourcesOfRoute = 7;

export function resourceReport(resources: Readonly<Record<string, Resource>>, needs: readonly FunctionNeeds[]): string {
  const ids = Object.keys(resources);
  const sizes = needs
    .filter(({ route, source }) => route !== undefined && source === undefined)
    .map(({ key }) => ids.filter((id) => id.startsWith(`${key.charAt(0).toUpperCase()}${key.slice(1)}`)).length);
  const perRoute = Math.max(resourcesOfRoute, ...sizes);
  const left = resourcesMax - ids.length;
  const used = `The stack has ${ids.length} of the ${resourcesMax} resources that CloudFormation allows.`;
  if (left < 0) return `${used} It cannot be deployed: split the routes into several services.`;
  return `${used} A route needs ${perRoute}, so ${Math.floor(left / perRoute)} more fit.`;
}
