import { type Family, type NodeFacts, type PodAddress, podAddresses, type Source } from './network.ts'
import { groupOf, isExpected, isMeasurable, ownAddresses, type Reach, type Round } from './reach.ts'

/** What pinging an address from a POD gave. Times are milliseconds. */
export interface Answer {
  readonly sent: number
  readonly received: number
  /** Round trips; undefined when nothing came back. */
  readonly roundTrip?: { readonly min: number; readonly mean: number; readonly max: number }
}

/** Every POD to every address of every other POD. */
export interface Matrix {
  readonly reach: Reach
  readonly sources: readonly Source[]
  readonly destinations: readonly PodAddress[]
  /** A row for each source, in it an answer for each destination; undefined for what is no pair, as its own addresses. */
  readonly rows: readonly (readonly (Answer | undefined)[])[]
}

/** A pair that is not as the test says. */
export interface WrongPair {
  readonly source: Source
  readonly destination: PodAddress
  /**
   * `missing`: it should answer and does not; `open`: it should not answer and does; `shared`: another POD in reach has the same
   * address, so that nobody knows who answered.
   */
  readonly what: 'missing' | 'open' | 'shared'
}

export interface MatrixSummary {
  /** Ordered pairs of a POD and another one's address that should answer, and that did. */
  readonly expected: number
  readonly reached: number
  /** Those that should not answer, and that did not. */
  readonly forbidden: number
  readonly closed: number
  readonly sent: number
  readonly received: number
  readonly roundTrip?: { readonly min: number; readonly mean: number; readonly max: number }
  readonly wrong: readonly WrongPair[]
}

/** Lines of what `netns_test matrix` prints: an address, and how many addresses were silent as they should be. */
const LINE = /^(\S+) (\S+) (\d+) (\d+) (\S+) (\S+) (\S+)$/
const SILENT_LINE = /^(\S+) ! (\d+)$/
/** What must be silent is pinged once. */
const SILENT: Answer = { sent: 1, received: 0 }

/** What the nodes told of rounds of pinging. */
export interface Measured {
  readonly rounds: readonly Round[]
  /**
   * Of `netns_test matrix` on each node: lines `<source pod> <address> <sent> <received> <min> <mean> <max>`, with `-` for times
   * when nothing came back; and `<source pod> ! <number>`, how many addresses that are to be silent were.
   */
  readonly outputs: readonly string[]
}

/**
 * Puts together what the nodes measured.
 * @throws Error on a line that is none, and when a pair was not measured: nothing is taken for granted
 */
export function assemble(network: readonly NodeFacts[], reach: Reach, measured: readonly Measured[]): Matrix {
  const sources = network.flatMap(({ node, pods }) => pods.map(({ name }) => ({ pod: name, node })))
  const destinations = podAddresses(network)
  const heard = measured.map(({ rounds, outputs }) => ({ rounds, ...readOutputs(outputs) }))
  const rows = sources.map(source => {
    const own = ownAddresses(destinations, source.pod)
    const silent = new Map(heard.map(told => [told, new Set<string>()]))
    const row = destinations.map(destination => {
      if (!isMeasurable(reach, source, destination, own)) return undefined
      const told = heard.find(({ rounds }) => rounds.some(round => round.wants(source, destination)))
      const answer = told?.answers.get(`${source.pod} ${destination.address}`)
      if (answer) return answer
      if (!told || isExpected(reach, source, destination))
        throw new Error(`${source.pod} did not ping ${destination.address} (${destination.pod})`)
      silent.get(told)?.add(destination.address)
      return SILENT
    })
    for (const [{ silences }, { size }] of silent) {
      const count = silences.get(source.pod) ?? 0
      if (count !== size) throw new Error(`${source.pod} pinged ${count} of ${size} addresses that are to be silent`)
    }
    return row
  })
  return { reach, sources, destinations, rows }
}

function readOutputs(outputs: readonly string[]) {
  const answers = new Map<string, Answer>()
  const silences = new Map<string, number>()
  for (const line of outputs.flatMap(output => output.split('\n')).filter(Boolean)) {
    const [, silentPod, count] = SILENT_LINE.exec(line) ?? []
    if (silentPod !== undefined) {
      silences.set(silentPod, (silences.get(silentPod) ?? 0) + Number(count))
      continue
    }
    const [, pod, address, sent, received, min, mean, max] = LINE.exec(line) ?? []
    if (pod === undefined) throw new Error(`'${line}' is no result of a ping`)
    const roundTrip = min === '-' ? {} : { roundTrip: { min: Number(min), mean: Number(mean), max: Number(max) } }
    answers.set(`${pod} ${address}`, { sent: Number(sent), received: Number(received), ...roundTrip })
  }
  return { answers, silences }
}

/** Counts a matrix, and finds what is not as the test says. */
export function summarize(matrix: Matrix): MatrixSummary {
  const { reach, sources, destinations, rows } = matrix
  const shared = sharedColumns(matrix)
  const counts = { expected: 0, reached: 0, forbidden: 0, closed: 0, sent: 0, received: 0 }
  const wrong: WrongPair[] = []
  let [min, max, total, timed] = [Number.POSITIVE_INFINITY, 0, 0, 0]
  for (const [row, source] of sources.entries()) {
    for (const [column, destination] of destinations.entries()) {
      const answer = rows[row]?.[column]
      if (!answer) continue
      const answers = answer.received > 0
      if (!isExpected(reach, source, destination)) {
        counts.forbidden++
        if (answers) wrong.push({ source, destination, what: 'open' })
        else counts.closed++
        continue
      }
      counts.expected++
      counts.sent += answer.sent
      counts.received += answer.received
      if (shared.has(column)) wrong.push({ source, destination, what: 'shared' })
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

/** The destinations whose address another POD in reach of the same sources has, too. */
function sharedColumns({ reach, destinations }: Matrix): ReadonlySet<number> {
  const owners = new Map<string, Set<string>>()
  const keyOf = (destination: PodAddress) => `${groupOf(reach, destination)} ${destination.address}`
  for (const destination of destinations) {
    const pods = owners.get(keyOf(destination)) ?? new Set()
    owners.set(keyOf(destination), pods.add(destination.pod))
  }
  const isShared = (destination: PodAddress) => (owners.get(keyOf(destination))?.size ?? 0) > 1
  return new Set([...destinations.keys()].filter(column => isShared(destinations[column] as PodAddress)))
}

/** Milliseconds to two digits, and no fraction from ten on: `0.12`, `1.4`, `144`. */
const shortTime = (time: number): string => (time < 10 ? time.toPrecision(2) : time.toFixed(0))

/** `480 of 480 pairs answer; 384 of 384 forbidden pairs blocked; loss 0 %; round trip min/avg/max 0.08/0.31/2.2 ms` */
export function describeSummary(summary: MatrixSummary): string {
  const { expected, reached, forbidden, closed, sent, received, roundTrip } = summary
  const loss = sent === 0 ? 0 : (1 - received / sent) * 100
  const times = roundTrip && [roundTrip.min, roundTrip.mean, roundTrip.max].map(shortTime).join('/')
  return [
    `${reached} of ${expected} pairs answer`,
    ...(forbidden > 0 ? [`${closed} of ${forbidden} forbidden pairs blocked`] : []),
    `loss ${loss.toFixed(loss > 0 && loss < 1 ? 2 : 0)} %`,
    ...(times ? [`round trip min/avg/max ${times} ms`] : []),
  ].join('; ')
}

/** `vm-001-ns02 → vm-003-ns01 172.16.3.1 does not answer` */
export const describePair = ({ source, destination, what }: WrongPair): string =>
  `${source.pod} → ${destination.pod} ${destination.address} ${WRONGS[what]}`

const WRONGS: Readonly<Record<WrongPair['what'], string>> = {
  missing: 'does not answer',
  open: 'answers, and must not',
  shared: 'is the address of another POD, too',
}

/** The columns of a family. */
export const columnsOf = ({ destinations }: Matrix, family: Family): readonly number[] =>
  [...destinations.keys()].filter(column => destinations[column]?.family === family)

/**
 * The matrix as `matrix.json` holds it: docs/matrix.md says what is where. Numbers in rows instead of objects, since 400 PODs
 * have 319,200 pairs.
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
  return `${JSON.stringify({ version: 1, test, reach, summary: counts, wrong, sources, destinations, rows })}\n`
}
