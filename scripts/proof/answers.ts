import { infrastructureFailure } from '../errors/failure.ts'
import { shortText } from '../host/text.ts'
import type { NodeFacts } from './facts.ts'

/** What pinging an address from a POD gave. Times are milliseconds. */
export interface Answer {
  readonly sent: number
  readonly received: number
  /** Round trips; undefined when nothing came back. */
  readonly roundTrip?: { readonly min: number; readonly mean: number; readonly max: number }
}

/** What `netns_test matrix` printed on a node. */
export interface NodeOutput {
  readonly node: string
  readonly text: string
}

/** What a node told about its PODs. */
export interface NodeAnswers {
  /** By `<pod> <address>`. */
  readonly answers: ReadonlyMap<string, Answer>
  /** For each POD, how many addresses were silent as they should be. */
  readonly silences: ReadonlyMap<string, number>
  /** `<pod> <own address>` of what did not hear itself: its silence shows nothing. */
  readonly unreachable: ReadonlySet<string>
  /** By `<pod> <address>`, whether packets as large as the POD's interface takes come back. */
  readonly large: ReadonlyMap<string, boolean>
}

/** Far more than is ever sent, and longer than a run may take, in milliseconds. */
const [MOST_SENT, LONGEST_MS] = [1_000_000, 86_400_000]

/**
 * Reads what a node printed: lines `<pod> <address> <sent> <received> <min> <mean> <max>`, with `-` for times when nothing came back;
 * `<pod> ! <number>`, how many addresses that are to be silent were; `<pod> ? <address>`, an own address by which the POD did not hear
 * itself; `<pod> + <address> <1 or 0>`, whether large packets came back.
 * @param facts the node's
 * @param addresses of all PODs
 * @throws Failure BAD_MATRIX (exit 4) naming the node, on what is none of these: nothing is taken for granted
 */
export function readAnswers(facts: NodeFacts, addresses: ReadonlySet<string>, { text }: NodeOutput): NodeAnswers {
  const pods = new Set(facts.pods.map(({ name }) => name))
  const answers = new Map<string, Answer>()
  const silences = new Map<string, number>()
  const unreachable = new Set<string>()
  const large = new Map<string, boolean>()
  for (const line of text.split('\n')) {
    if (line === '') continue
    const words = line.split(' ')
    const [pod = '', second = '', third = '', fourth = ''] = words
    const refuse = (why: string) => {
      const message = `${facts.node}: its matrix is not understood: '${shortText(line, 120)}': ${why}`
      return infrastructureFailure('BAD_MATRIX', message, { node: facts.node })
    }
    if (!pods.has(pod)) throw refuse('no POD of this node')
    if (second === '!' && words.length === 3) {
      const count = wholeNumber(third)
      if (count === undefined || count > addresses.size) throw refuse(`no number of addresses up to ${addresses.size}`)
      silences.set(pod, (silences.get(pod) ?? 0) + count)
      continue
    }
    const address = /^[!?+]$/.test(second) ? third : second
    if (!addresses.has(address)) throw refuse('no address of a POD')
    const key = `${pod} ${address}`
    if (second === '?' && words.length === 3) unreachable.add(key)
    else if (second === '+' && words.length === 4 && /^[01]$/.test(fourth) && !large.has(key))
      large.set(key, fourth === '1')
    else {
      const answer = readAnswer(words)
      if (!answer) throw refuse('no result of a ping')
      if (answers.has(key)) throw refuse('the second result of this ping')
      answers.set(key, answer)
    }
  }
  return { answers, silences, unreachable, large }
}

function readAnswer(words: readonly string[]): Answer | undefined {
  const [sent, received] = words.slice(2, 4).map(wholeNumber)
  if (words.length !== 7 || sent === undefined || received === undefined) return undefined
  if (sent < 1 || sent > MOST_SENT || received > sent) return undefined
  if (received === 0) return words.slice(4).every(time => time === '-') ? { sent, received } : undefined
  const [min = Number.NaN, mean = Number.NaN, max = Number.NaN] = words.slice(4).map(time)
  return min >= 0 && min <= mean && mean <= max && max <= LONGEST_MS
    ? { sent, received, roundTrip: { min, mean, max } }
    : undefined
}

const wholeNumber = (text: string): number | undefined => (/^\d{1,9}$/.test(text) ? Number(text) : undefined)

const time = (text: string): number => (/^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN)
