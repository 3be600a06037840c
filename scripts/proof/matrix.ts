import { infrastructureFailure } from '../errors/failure.ts'
import type { Family } from '../settings/family.ts'
import { type Answer, type NodeAnswers, type NodeOutput, readAnswers } from './answers.ts'
import type { NodeFacts } from './facts.ts'
import { type PodAddress, podAddresses, type Source } from './network.ts'
import { isExpected, isMeasurable, ownAddresses, type Reach } from './reach.ts'
import type { Round } from './rounds.ts'

/** The results from every POD to every address of every other POD. */
export interface Matrix {
  readonly reach: Reach
  readonly sources: readonly Source[]
  readonly destinations: readonly PodAddress[]
  /** By source and destination; undefined where there is no pair, such as for the source's own addresses. */
  readonly rows: readonly (readonly (Answer | undefined)[])[]
  /** Pairs that answer small packets, but not packets of the source's MTU. */
  readonly cut?: readonly Pair[]
  /** PODs without a reply from themselves or from any expected peer, so silence of others proves nothing. */
  readonly unreachable?: readonly UnreachablePod[]
}

export interface Pair {
  readonly source: Source
  readonly destination: PodAddress
}

interface UnreachablePod {
  readonly source: Source
  readonly family: Family
}

/** Forbidden pairs are pinged once. */
const SILENT: Answer = { sent: 1, received: 0 }

/** The nodes' output for some rounds. */
export interface Measurement {
  readonly rounds: readonly Round[]
  readonly outputs: readonly NodeOutput[]
}

/**
 * Builds the matrix from the nodes' output.
 * @throws Failure BAD_MATRIX (exit 4) naming the node, for an invalid line and for a pair that was not measured
 */
export function assemble(network: readonly NodeFacts[], reach: Reach, measured: readonly Measurement[]): Matrix {
  const sources = network.flatMap(({ node, pods }) => pods.map(({ name }) => ({ pod: name, node })))
  const destinations = podAddresses(network)
  const addresses = new Set(destinations.map(({ address }) => address))
  const factsOf = new Map(network.map(facts => [facts.node, facts]))
  const parts = measured.map(({ rounds, outputs }) => {
    const outputOf = new Map<string, NodeAnswers>()
    for (const output of outputs) {
      const facts = factsOf.get(output.node)
      if (facts) outputOf.set(output.node, readAnswers(facts, addresses, output))
    }
    return { rounds, outputOf }
  })
  const cut: Pair[] = []
  const unreachable: UnreachablePod[] = []
  const rows = sources.map(source => {
    const own = ownAddresses(destinations, source)
    const ownTexts = new Set(own.map(({ address }) => address))
    const silent = new Map(parts.map(part => [part, new Set<string>()]))
    const countsOf = new Map<Family, { expected: number; answered: number; silent: number }>()
    const row = destinations.map(destination => {
      if (!isMeasurable(reach, source, destination, ownTexts)) return undefined
      const part = parts.find(({ rounds }) => rounds.some(round => round.includes(source, destination)))
      const output = part?.outputOf.get(source.node)
      const key = `${source.pod} ${destination.address}`
      const answer = output?.answers.get(key)
      const expected = isExpected(reach, source, destination)
      const counts = countsOf.get(destination.family) ?? { expected: 0, answered: 0, silent: 0 }
      countsOf.set(destination.family, counts)
      if (expected) counts.expected++
      if (expected && answer && answer.received > 0) counts.answered++
      if (answer && answer.received > 0 && output?.fullSized.get(key) === false) cut.push({ source, destination })
      if (answer) return answer
      if (!part || expected) throw notMeasured(source, `did not ping ${destination.address} (${destination.pod})`)
      counts.silent++
      silent.get(part)?.add(destination.address)
      return SILENT
    })
    for (const [{ outputOf }, { size }] of silent) {
      const count = outputOf.get(source.node)?.silentCounts.get(source.pod) ?? 0
      if (count !== size) throw notMeasured(source, `pinged ${count} of ${size} addresses that must not answer`)
    }
    for (const [family, counts] of countsOf) {
      const reachesItself = answersItself(
        source,
        own.filter(one => one.family === family),
        parts,
      )
      const reachesOthers = counts.expected === 0 || counts.answered > 0
      if (counts.silent > 0 && !(reachesItself && reachesOthers)) unreachable.push({ source, family })
    }
    return row
  })
  return { reach, sources, destinations, rows, cut, unreachable }
}

const notMeasured = ({ pod, node }: Source, what: string) =>
  infrastructureFailure('BAD_MATRIX', `${node}: ${pod} ${what}`, { node })

/** Whether a POD has addresses, and every ping of them from the POD itself was answered. */
function answersItself(
  { node, pod }: Source,
  own: readonly PodAddress[],
  parts: readonly { readonly outputOf: ReadonlyMap<string, NodeAnswers> }[],
): boolean {
  const isUnreachable = ({ address }: PodAddress) =>
    parts.some(({ outputOf }) => outputOf.get(node)?.unreachable.has(`${pod} ${address}`))
  return own.length > 0 && !own.some(isUnreachable)
}

/** The columns of a family. */
export const columnsOf = ({ destinations }: Matrix, family: Family): readonly number[] =>
  [...destinations.keys()].filter(column => destinations[column]?.family === family)
