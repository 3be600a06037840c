import { type Bench, ipamOf } from '../bench.ts'
import type { Network } from '../network.ts'
import type { CheckName, Requirement } from './catalog.ts'

/** The code of a check; its requirement is in the catalog. */
export interface CheckCode {
  /** Whether the check applies to a network: true, or why not. */
  applies(network: Network): true | string
  /**
   * Calls plugins and compares their answers with the kernel.
   * @throws Violation when the plugin does not meet the requirement; Unmet when a precondition failed; Inapplicable
   */
  run(bench: Bench): Promise<void>
}

export interface Check extends Requirement, CheckCode {
  readonly name: CheckName
}

/** The code of some checks. */
export type Checks<Names extends CheckName> = Readonly<Record<Names, CheckCode>>

export const always = (): true => true

export const needsIpam = (network: Network): true | string =>
  ipamOf(network) ? true : 'no plugin of the network has an IPAM plugin'

export const createsInterface = ({ plugins }: Network): true | string =>
  plugins[0]?.type !== 'loopback' || 'loopback adjusts the interface that every container has'
