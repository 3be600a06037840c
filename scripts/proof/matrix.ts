import { infrastructureFailure } from '../errors/failure.ts'
import type { Family } from '../settings/family.ts'
import { type Answer, type NodeAnswers, type NodeOutput, readAnswers } from './answers.ts'
import type { NodeFacts } from './facts.ts'
import { type PodAddress, podAddresses, type Source } from './network.ts'
import { isExpected, isMeasurable, ownAddresses, type Reach } from './reach.ts'
import type { Round } from './rounds.ts'

/** Every POD to every address of every other POD. */
export interface Matrix {
  readonly reach: Reach
  readonly sources: readonly Source[]
  readonly destinations: readonly PodAddress[]
  /** A row for each source, in it an answer for each destination; undefined for what is no pair, as its own addresses. */
  readonly rows: readonly (readonly (Answer | undefined)[])[]
  /** Pairs that answer, but not to packets as large as the source's interface takes. */
  readonly cut?: readonly Pair[]
  /** PODs that heard neither themselves nor, where they should, anybody else: that others did not answer them shows nothing. */
  readonly unreachable?: readonly UnreachablePod[]
}

export interface Pair {
  readonly source: Source
  readonly destination: PodAddress
}

export interface UnreachablePod {
  readonly source: Source
  readonly family: Family
}

/** What must be silent is pinged once. */
const SILENT: Answer = { sent: 1, received: 0 }

/** What the nodes told of rounds of pinging. */
export interface Measurement {
  readonly rounds: readonly Round[]
  readonly outputs: readonly NodeOutput[]
}

/**
 * Puts together what the nodes measured.
 * @throws Failure BAD_MATRIX (exit 4) naming the node, on a line that is not understood, and when a pair was not measured: nothing is taken
 *   for granted
 */
export function assemble(network: readonly NodeFacts[], reach: Reach, measured: readonly Measurement[]): Matrix {
  const sources = network.flatMap(({ node, pods }) => pods.map(({ name }) => ({ pod: name, node })))
  const destinations = podAddresses(network)
  const addresses = new Set(destinations.map(({ address }) => address))
  const factsOf = new Map(network.map(facts => [facts.node, facts]))
  const heard = measured.map(({ rounds, outputs }) => {
    const told = new Map<string, NodeAnswers>()
    for (const output of outputs) {
      const facts = factsOf.get(output.node)
      if (facts) told.set(output.node, readAnswers(facts, addresses, output))
    }
    return { rounds, told }
  })
  const cut: Pair[] = []
  const unreachable: UnreachablePod[] = []
  const rows = sources.map(source => {
    const own = ownAddresses(destinations, source)
    const ownTexts = new Set(own.map(({ address }) => address))
    const silent = new Map(heard.map(part => [part, new Set<string>()]))
    const heardOf = new Map<Family, { expected: number; answered: number; silent: number }>()
    const row = destinations.map(destination => {
      if (!isMeasurable(reach, source, destination, ownTexts)) return undefined
      const part = heard.find(({ rounds }) => rounds.some(round => round.includes(source, destination)))
      const told = part?.told.get(source.node)
      const key = `${source.pod} ${destination.address}`
      const answer = told?.answers.get(key)
      const expected = isExpected(reach, source, destination)
      const counts = heardOf.get(destination.family) ?? { expected: 0, answered: 0, silent: 0 }
      heardOf.set(destination.family, counts)
      if (expected) counts.expected++
      if (expected && answer && answer.received > 0) counts.answered++
      if (answer && answer.received > 0 && told?.large.get(key) === false) cut.push({ source, destination })
      if (answer) return answer
      if (!part || expected) throw notMeasured(source, `did not ping ${destination.address} (${destination.pod})`)
      counts.silent++
      silent.get(part)?.add(destination.address)
      return SILENT
    })
    for (const [{ told }, { size }] of silent) {
      const count = told.get(source.node)?.silences.get(source.pod) ?? 0
      if (count !== size) throw notMeasured(source, `pinged ${count} of ${size} addresses that are to be silent`)
    }
    for (const [family, counts] of heardOf) {
      const hearsItself = isHeard(
        source,
        own.filter(one => one.family === family),
        heard,
      )
      const hearsOthers = counts.expected === 0 || counts.answered > 0
      if (counts.silent > 0 && !(hearsItself && hearsOthers)) unreachable.push({ source, family })
    }
    return row
  })
  return { reach, sources, destinations, rows, cut, unreachable }
}

const notMeasured = ({ pod, node }: Source, what: string) =>
  infrastructureFailure('BAD_MATRIX', `${node}: ${pod} ${what}`, { node })

/** Whether a POD has addresses, and heard itself by each of them wherever others were to be silent. */
function isHeard(
  { node, pod }: Source,
  own: readonly PodAddress[],
  heard: readonly { readonly told: ReadonlyMap<string, NodeAnswers> }[],
): boolean {
  const isUnreachable = ({ address }: PodAddress) =>
    heard.some(({ told }) => told.get(node)?.unreachable.has(`${pod} ${address}`))
  return own.length > 0 && !own.some(isUnreachable)
}

/** The columns of a family. */
export const columnsOf = ({ destinations }: Matrix, family: Family): readonly number[] =>
  [...destinations.keys()].filter(column => destinations[column]?.family === family)
