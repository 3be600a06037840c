import { safeJson } from '../host/text.ts'
import type { Matrix, Pair } from './matrix.ts'
import { type PodAddress, podKey, type Source } from './network.ts'
import { groupOf, isExpected } from './reach.ts'

/** A pair with an unexpected result. */
export interface WrongPair extends Pair {
  /**
   * `missing`: must answer, but does not; `open`: must not answer, but does; `shared`: another POD has the same
   * address, in the same group or with the same MAC, so the sender of a reply is unknown; `cut`: answers, but loses
   * full-sized packets.
   */
  readonly what: 'missing' | 'open' | 'shared' | 'cut'
}

interface MatrixSummary {
  /** Pairs (a POD and an address of another) that must answer, and those that did. */
  readonly expected: number
  readonly reached: number
  /** Pairs that must not answer; those that did not; and those silent without proof, see {@link Matrix.unreachable}. */
  readonly forbidden: number
  readonly closed: number
  readonly unproved: number
  readonly sent: number
  readonly received: number
  readonly roundTrip?: { readonly min: number; readonly mean: number; readonly max: number }
  readonly wrong: readonly WrongPair[]
}

/** Counts the pairs of a matrix, and collects the wrong ones. */
export function summarize(matrix: Matrix): MatrixSummary {
  const { reach, sources, destinations, rows } = matrix
  const shared = sharedColumns(matrix)
  const unreachable = new Set(matrix.unreachable?.map(({ source, family }) => `${podKey(source)} ${family}`))
  const cut = new Map<Source, Set<PodAddress>>()
  for (const { source, destination } of matrix.cut ?? [])
    cut.set(source, (cut.get(source) ?? new Set()).add(destination))
  const counts = { expected: 0, reached: 0, forbidden: 0, closed: 0, unproved: 0, sent: 0, received: 0 }
  const wrong: WrongPair[] = []
  let [min, max, total, timed] = [Number.POSITIVE_INFINITY, 0, 0, 0]
  for (const [row, source] of sources.entries()) {
    for (const [column, destination] of destinations.entries()) {
      const answer = rows[row]?.[column]
      if (!answer) continue
      const answers = answer.received > 0
      if (!isExpected(reach, source, destination)) {
        counts.forbidden++
        if (answers) wrong.push({ source, destination, what: shared.has(column) ? 'shared' : 'open' })
        else if (unreachable.has(`${podKey(source)} ${destination.family}`)) counts.unproved++
        else counts.closed++
        continue
      }
      counts.expected++
      counts.sent += answer.sent
      counts.received += answer.received
      if (shared.has(column)) wrong.push({ source, destination, what: 'shared' })
      else if (answers && cut.get(source)?.has(destination)) wrong.push({ source, destination, what: 'cut' })
      else if (answers) counts.reached++
      else wrong.push({ source, destination, what: 'missing' })
      if (!answer.roundTrip) continue
      min = Math.min(min, answer.roundTrip.min)
      max = Math.max(max, answer.roundTrip.max)
      total += answer.roundTrip.mean
      timed++
    }
  }
  return { ...counts, ...(timed > 0 && { roundTrip: { min, mean: total / timed, max } }), wrong }
}

/**
 * Destinations with an address that another POD of the same group has too, or any other POD with the same MAC: not even
 * neighbor entries tell those apart.
 */
function sharedColumns({ reach, destinations }: Matrix): ReadonlySet<number> {
  const owners = new Map<string, Set<string>>()
  const keysOf = (destination: PodAddress) => [
    `${groupOf(reach, destination)} ${destination.address}`,
    ...(destination.mac === undefined ? [] : [`mac ${destination.mac} ${destination.address}`]),
  ]
  for (const destination of destinations) {
    for (const key of keysOf(destination)) {
      const pods = owners.get(key) ?? new Set()
      owners.set(key, pods.add(podKey(destination)))
    }
  }
  const isShared = (destination: PodAddress) => keysOf(destination).some(key => (owners.get(key)?.size ?? 0) > 1)
  return new Set([...destinations.keys()].filter(column => isShared(destinations[column] as PodAddress)))
}

/** Ambiguous addresses, with their owners. */
export function sharedAddresses(matrix: Matrix): ReadonlyMap<string, readonly Source[]> {
  const shared = new Map<string, Source[]>()
  for (const column of sharedColumns(matrix)) {
    const owner = matrix.destinations[column] as PodAddress
    shared.set(owner.address, [...(shared.get(owner.address) ?? []), owner])
  }
  return shared
}

/** Two significant digits below 10 ms: `0.12`, `1.4`, `144`. */
const shortTime = (time: number): string => (time < 10 ? time.toPrecision(2) : time.toFixed(0))

/** `480 of 480 pairs answer; 384 of 384 forbidden pairs blocked; loss 0 %; round trip min/avg/max 0.08/0.31/2.2 ms` */
export function describeSummary(summary: MatrixSummary): string {
  const { expected, reached, forbidden, closed, unproved, sent, received, roundTrip, wrong } = summary
  const cut = wrong.filter(({ what }) => what === 'cut').length
  const loss = sent === 0 ? 0 : (1 - received / sent) * 100
  const times = roundTrip && [roundTrip.min, roundTrip.mean, roundTrip.max].map(shortTime).join('/')
  return [
    `${reached} of ${expected} pairs answer`,
    ...(cut > 0 ? [`${cut} ${cut === 1 ? 'loses' : 'lose'} full-sized packets`] : []),
    ...(forbidden > 0 ? [`${closed} of ${forbidden} forbidden pairs blocked`] : []),
    ...(unproved > 0 ? [`${unproved} silent without proof`] : []),
    `loss ${loss.toFixed(loss > 0 && loss < 1 ? 2 : 0)} %`,
    ...(times ? [`round trip min/avg/max ${times} ms`] : []),
  ].join('; ')
}

/** `vm-001-ns02 → vm-003-ns01 172.16.3.1 does not answer` */
export const describePair = ({ source, destination, what }: WrongPair): string =>
  `${source.pod} → ${destination.pod} ${destination.address} ${WRONGS[what]}`

const WRONGS: Readonly<Record<WrongPair['what'], string>> = {
  missing: 'does not answer',
  open: 'answers, but must not',
  shared: 'is also the address of another POD',
  cut: 'loses full-sized packets (MTU?)',
}

/**
 * The content of `matrix.json`, described in docs/matrix.md. Results are arrays, not objects: 400 PODs have 319,200
 * pairs.
 */
export const toJson = (test: string, matrix: Matrix): string => {
  const { wrong, ...counts } = summarize(matrix)
  const rows = matrix.rows.map(row =>
    row.map(answer =>
      answer === undefined
        ? null
        : [answer.sent, answer.received, ...(answer.roundTrip ? Object.values(answer.roundTrip) : [])],
    ),
  )
  const { reach, sources, destinations } = matrix
  const content = { version: 1, test, reach, summary: counts, wrong, sources, destinations, rows }
  return `${safeJson(JSON.stringify(content))}\n`
}
