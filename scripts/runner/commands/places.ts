import type { Place } from '../../cases/command.ts'
import { namespaceOf } from '../../cluster/targets.ts'
import { testFailure } from '../../errors/failure.ts'
import { podsOn, readNetwork } from '../../proof/network.ts'
import { describeSelector, select } from '../../settings/selectors.ts'
import { type CommandPlace, nodesFor, type TestRun } from '../test-run.ts'

/**
 * The nodes or PODs of a command; all workers by default.
 * @throws Failure NOTHING_SELECTED (exit 1) when nothing matches
 */
export async function placesOf(place: Place, run: TestRun, signal: AbortSignal): Promise<readonly CommandPlace[]> {
  const { in: pods, on = 'workers' } = place
  if (pods === undefined) {
    const nodes = nodesFor(run, on)
    if (nodes.length === 0) throw testFailure('NOTHING_SELECTED', `no node matches '${describeSelector(on)}'`)
    return nodes.map(node => ({ name: node.name, node }))
  }
  const { nodes } = run.cluster
  const all = podsOn(nodes, await readNetwork(nodes, signal))
  const chosen = select(pods, all, run.test.labels)
  if (chosen.length > 0) return chosen.map(({ name, on: node }) => ({ name, node }))
  const there = all.length === 0 ? 'the cluster has no PODs' : `the PODs are ${namesOf(all)}`
  throw testFailure('NOTHING_SELECTED', `no POD matches '${describeSelector(pods)}': ${there}`)
}

/** How many PODs a message names. */
const NAMED = 8

const namesOf = (places: readonly { readonly name: string }[]): string => {
  const names = places.slice(0, NAMED).map(({ name }) => name)
  return `${names.join(' ')}${places.length > NAMED ? ` and ${places.length - NAMED} more` : ''}`
}

/** The words that run a command on a node or in a POD. */
export const wordsIn = ({ name, node }: CommandPlace, words: readonly string[]): readonly string[] =>
  name === node.name ? words : ['netns_test', 'exec', namespaceOf(node.name, name), '--', ...words]
