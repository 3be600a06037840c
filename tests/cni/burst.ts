import { Bench } from '../../scripts/cni/bench.ts'
import { compareLedgers, type Difference } from '../../scripts/cni/ledger/compare.ts'
import { takeLedger } from '../../scripts/cni/ledger/take.ts'
import type { Network } from '../../scripts/cni/network.ts'
import { CNI_PATH, listPrograms } from '../../scripts/cni/runtime/programs.ts'
import { durationOf } from '../../scripts/cni/runtime/runtime.ts'
import type { Node } from '../../scripts/ssh/node.ts'
import { shellOf } from './shell.ts'

/** What a burst of ADDs and DELs came to. */
export interface BurstResult {
  readonly count: number
  readonly seconds: number
  readonly slowestMilliseconds: number
  readonly failed: number
  /** Addresses of the results that two containers have. */
  readonly duplicates: readonly string[]
  readonly leaks: readonly Difference[]
}

const SECONDS = 300

/** Attaches `count` containers at once, and compares the state when they are detached. */
export async function burst(node: Node, network: Network, count: number): Promise<BurstResult> {
  const shell = shellOf(node)
  const bench = await Bench.open(shell, { network, programs: await listPrograms(shell, CNI_PATH), timeout: SECONDS })
  try {
    const runtime = bench.runtime()
    await bench.attach(runtime)
    const pods = await bench.containers(count)
    // What the first attachments create for all.
    await runtime.add(pods.slice(0, 1))
    await runtime.del(pods.slice(0, 1))
    const before = await takeLedger(bench.shell, [])
    const begun = performance.now()
    const outcomes = await runtime.add(pods)
    const seconds = (performance.now() - begun) / 1000
    const addresses = outcomes.flatMap(({ result }) => result?.ips?.map(({ address }) => address) ?? [])
    await runtime.del(pods)
    return {
      count,
      seconds,
      slowestMilliseconds: Math.max(...outcomes.map(durationOf)),
      failed: outcomes.filter(({ failure }) => failure).length,
      duplicates: addresses.filter((address, index) => addresses.indexOf(address) !== index),
      leaks: compareLedgers(before, await takeLedger(bench.shell, []), `${count} ADDs and DELs at once`),
    }
  } finally {
    await bench.close()
  }
}
