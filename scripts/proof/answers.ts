import { infrastructureFailure } from '../errors/failure.ts'
import { shortText } from '../host/text.ts'
import type { NodeFacts } from './facts.ts'

/** The result of pinging an address from a POD, with times in milliseconds. */
export interface Answer {
  readonly sent: number
  readonly received: number
  /** Undefined without a reply. */
  readonly roundTrip?: { readonly min: number; readonly mean: number; readonly max: number }
}

/** Output of `netns_test matrix` on a node. */
export interface NodeOutput {
  readonly node: string
  readonly text: string
}

/** Parsed output of a node. */
export interface NodeAnswers {
  /** By `<pod> <address>`. */
  readonly answers: ReadonlyMap<string, Answer>
  /** Forbidden addresses that did not answer, counted for each POD. */
  readonly silentCounts: ReadonlyMap<string, number>
  /** `<pod> <own address>` that the POD itself could not ping, so silence of others proves nothing to it. */
  readonly unreachable: ReadonlySet<string>
  /** By `<pod> <address>`: whether full-sized packets were answered. */
  readonly fullSized: ReadonlyMap<string, boolean>
}

/** Far above anything that a run can measure. */
const [MAX_SENT, MAX_ROUND_TRIP_MS] = [1_000_000, 86_400_000]

/**
 * Parses a node's output strictly. Its lines are:
 * - `<pod> <address> <sent> <received> <min> <mean> <max>`, with `-` for times without a reply;
 * - `<pod> ! <count>`: forbidden addresses that did not answer;
 * - `<pod> ? <address>`: an own address that the POD could not ping;
 * - `<pod> + <address> <1|0>`: whether full-sized packets were answered.
 * @param addresses of all PODs
 * @throws Failure BAD_MATRIX (exit 4) naming the node, for any other line
 */
export function readAnswers(facts: NodeFacts, addresses: ReadonlySet<string>, { text }: NodeOutput): NodeAnswers {
  const pods = new Set(facts.pods.map(({ name }) => name))
  const answers = new Map<string, Answer>()
  const silentCounts = new Map<string, number>()
  const unreachable = new Set<string>()
  const fullSized = new Map<string, boolean>()
  for (const line of text.split('\n')) {
    if (line === '') continue
    const words = line.split(' ')
    const [pod = '', second = '', third = '', fourth = ''] = words
    const refuse = (why: string) => {
      const message = `${facts.node}: invalid matrix output '${shortText(line, 120)}': ${why}`
      return infrastructureFailure('BAD_MATRIX', message, { node: facts.node })
    }
    if (!pods.has(pod)) throw refuse('not a POD of this node')
    if (second === '!' && words.length === 3) {
      const count = wholeNumber(third)
      if (count === undefined || count > addresses.size)
        throw refuse(`not a count of at most ${addresses.size} addresses`)
      silentCounts.set(pod, (silentCounts.get(pod) ?? 0) + count)
      continue
    }
    const address = /^[!?+]$/.test(second) ? third : second
    if (!addresses.has(address)) throw refuse('not the address of a POD')
    const key = `${pod} ${address}`
    if (second === '?' && words.length === 3) unreachable.add(key)
    else if (second === '+' && words.length === 4 && /^[01]$/.test(fourth) && !fullSized.has(key))
      fullSized.set(key, fourth === '1')
    else {
      const answer = readAnswer(words)
      if (!answer) throw refuse('not a ping result')
      if (answers.has(key)) throw refuse('duplicate ping result')
      answers.set(key, answer)
    }
  }
  return { answers, silentCounts, unreachable, fullSized }
}

function readAnswer(words: readonly string[]): Answer | undefined {
  const [sent, received] = words.slice(2, 4).map(wholeNumber)
  if (words.length !== 7 || sent === undefined || received === undefined) return undefined
  if (sent < 1 || sent > MAX_SENT || received > sent) return undefined
  if (received === 0) return words.slice(4).every(time => time === '-') ? { sent, received } : undefined
  const [min = Number.NaN, mean = Number.NaN, max = Number.NaN] = words.slice(4).map(time)
  return min >= 0 && min <= mean && mean <= max && max <= MAX_ROUND_TRIP_MS
    ? { sent, received, roundTrip: { min, mean, max } }
    : undefined
}

const wholeNumber = (text: string): number | undefined => (/^\d{1,9}$/.test(text) ? Number(text) : undefined)

const time = (text: string): number => (/^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN)
