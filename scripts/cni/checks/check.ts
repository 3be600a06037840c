import type { Bench } from '../bench.ts'
import type { Network } from '../network.ts'
import type { CheckName, Requirement } from './catalog.ts'

/** What a check does; its requirement is in the catalog. */
export interface CheckCode {
  /** Whether the check applies to a network: true, or why not. */
  applies(network: Network): true | string
  /**
   * Calls plugins and compares their answers with the kernel.
   * @throws Violation when the plugin does not meet the requirement; Unmet when a precondition failed
   */
  run(bench: Bench): Promise<void>
}

export interface Check extends Requirement, CheckCode {
  readonly name: CheckName
}

/** The plugin violates the requirement; the message says how. */
export class Violation extends Error {}

/** The check could not be made: an operation that must succeed before it failed. */
export class Unmet extends Error {}

/** @throws Violation */
export function requireThat(holds: boolean, why: string): asserts holds {
  if (!holds) throw new Violation(why)
}
