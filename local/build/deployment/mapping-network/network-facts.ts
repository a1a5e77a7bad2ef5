/** What AWS says about the network of a cluster, as far as it decides whether a mapping's interfaces work. Each part may be unknown on its own. */

export interface Subnet {
  readonly id: string;
  readonly vpcId: string;
  readonly cidr: string;
}

/** One rule of a security group. The other side is a group, a range of addresses, or a prefix list. */
export interface GroupRule {
  readonly groupId: string;
  readonly isOutbound: boolean;
  /** `tcp`, or `-1` for every protocol. */
  readonly protocol: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly otherGroupId: string | undefined;
  readonly cidr: string | undefined;
  readonly prefixListId: string | undefined;
}

export interface RouteTable {
  readonly id: string;
  readonly vpcId: string;
  /** The main table applies to every subnet without a table of its own. */
  readonly isMain: boolean;
  readonly subnetIds: readonly string[];
  /** The active route to 0.0.0.0/0: the id of a NAT gateway, an internet gateway, a transit gateway, and so on. */
  readonly defaultTarget: string | undefined;
}

export interface InterfaceEndpoint {
  readonly id: string;
  readonly vpcId: string;
  /** `lambda`, `sts`, `secretsmanager`: the end of its service's name. */
  readonly service: string;
  readonly hasPrivateDns: boolean;
  readonly groupIds: readonly string[];
}

/** `unknown`: why, in a few words. */
export type Asked<Fact> = { readonly known: Fact } | { readonly unknown: string };

export interface NetworkFacts {
  readonly subnetIds: readonly string[];
  readonly groupIds: readonly string[];
  readonly subnets: Asked<readonly Subnet[]>;
  readonly rules: Asked<readonly GroupRule[]>;
  readonly routeTables: Asked<readonly RouteTable[]>;
  readonly endpoints: Asked<readonly InterfaceEndpoint[]>;
}

/** What the mappings of a service need there. */
export interface MappingNeeds {
  readonly functionKeys: readonly string[];
  readonly ports: readonly number[];
  readonly services: readonly string[];
}
