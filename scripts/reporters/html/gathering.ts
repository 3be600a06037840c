import path from 'node:path'
import { describeDiagnosis } from '../../diagnosis/cause.ts'
import type { Command, Component, FailedStep, Invocation, RunEvent } from '../../events/events.ts'
import { buildGraph } from '../../graph/graph.ts'
import { plainText } from '../../host/text.ts'
import { quote, quoteWord } from '../../ssh/quote.ts'
import type { ReportData, ReportVerdict, SaidLine } from './data.ts'
import { type DraftTest, newDraft } from './draft.ts'
import { finish } from './finish.ts'
import { BoundedLog } from './logs.ts'
import { codeMatrix } from './matrix.ts'
import { type Packs, pack } from './packed.ts'
import { count } from './page/words.ts'
import { shortened, withoutMiddle } from './shorten.ts'

/** Characters of log that are kept of a whole run; the log itself has all. */
const LOG_BUDGET = 6_000_000
/** Characters of a failure's reason, and of each of its last lines. */
const MOST_WORDS = 2000
/** Characters of one piece of evidence, and of all. */
const MOST_EVIDENCE = 60_000
const EVIDENCE_BUDGET = 1_500_000
/** Lines of what the host side says. */
const MOST_SAID = 2000

/** Takes in the events of a run, one after the other. */
export class Gathering {
  readonly #directory: string
  readonly #drafts: DraftTest[] = []
  readonly #log = new BoundedLog(LOG_BUDGET)
  readonly #said: SaidLine[] = []
  readonly #madeWith = new Map<string, Component>()
  #planned: readonly string[] = []
  #begun = 0
  #last = 0
  /** Until the run says so itself, it did not come to its end. */
  #verdict: ReportVerdict = 'interrupted'
  #message: string | undefined
  #left: string | undefined
  #invocation: Invocation | undefined
  #leftCommands: readonly Command[] = []
  #saidLeftOut = 0
  #evidence = 0
  #evidenceLeftOut = 0

  /** @param directory the report's own, from which its links lead */
  constructor(directory: string) {
    this.#directory = directory
  }

  on(event: RunEvent): void {
    this.#begun ||= event.at
    this.#last = event.at
    switch (event.type) {
      case 'run-start':
        this.#planned = event.tests
        this.#invocation = event.invocation
        break
      case 'notice':
      case 'detail':
        this.#say(event.at, event.text)
        break
      case 'test-start':
        this.#drafts.push(draftOf(event))
        break
      case 'test-skipped': {
        const draft = newDraft({ name: event.test, summary: '', begun: event.at })
        this.#drafts.push({ ...draft, ended: event.at, verdict: 'skipped', why: event.why })
        break
      }
      case 'node-up':
        // Clusters start one after the other.
        this.#drafts.at(-1)?.up.set(event.node, event.at)
        break
      case 'provenance':
        this.#madeWith.set(JSON.stringify(event.component), event.component)
        break
      case 'run-failed':
        this.#message = event.message
        break
      case 'run-end':
        this.#verdict = event.verdict
        this.#left = event.left
        this.#leftCommands = event.leftCommands ?? []
        break
      default:
        this.#onTest(event)
    }
  }

  /** When the run is over. */
  async finish(): Promise<{ readonly data: ReportData; readonly packs: Packs }> {
    const left = [
      [this.#saidLeftOut, count(this.#saidLeftOut, 'line', 'lines'), 'of what the host side said'],
      [this.#evidenceLeftOut, count(this.#evidenceLeftOut, 'piece', 'pieces'), 'of evidence'],
    ] as const
    return await finish({
      begun: this.#begun,
      ended: this.#last,
      verdict: this.#verdict,
      message: this.#message,
      left: this.#left,
      commands: [...this.#runAgain(), ...this.#leftCommands],
      planned: this.#planned,
      drafts: this.#drafts,
      log: this.#log,
      said: this.#said,
      madeWith: [...this.#madeWith.values()].map(({ name, version, digest, place }) => ({
        name,
        version,
        digest,
        place,
      })),
      leftOut: left.filter(([number]) => number > 0).map(([, ...words]) => words.join(' ')),
    })
  }

  /** As it was typed, where it was typed, with the variables that counted. */
  #runAgain(): readonly Command[] {
    if (!this.#invocation) return []
    const { directory, command } = this.#invocation
    const settings = this.#drafts[0]?.settings.filter(({ origin }) => origin === 'environment') ?? []
    const variables = settings.map(({ name, value }) => `${name}=${quoteWord(value)} `).join('')
    return [{ what: 'run it again', text: `cd ${quoteWord(directory)} && ${variables}${quote(command)}` }]
  }

  /** Events of a test belong to its latest try. */
  #onTest(event: TestEvent): void {
    const number = this.#drafts.findLastIndex(({ name }) => name === event.test)
    const draft = this.#drafts[number]
    if (!draft) return
    switch (event.type) {
      case 'cluster-start':
        draft.cluster = event.kind
        draft.clusterBegun = event.at
        break
      case 'step-start': {
        const { step: name, index, at: begun, nodes } = event
        draft.steps.set(index, { name, index, begun, nodes: new Map(nodes.map(node => [node, undefined])) })
        break
      }
      case 'output': {
        const mark = event.stream === 'stderr' ? '!' : '|'
        this.#log.add(number, event.index, event.node, [event.at - draft.begun, mark, plainText(event.line)])
        break
      }
      case 'step-end': {
        const { node, index, milliseconds, failure } = event
        if (failure) this.#log.failed(number, index, node)
        draft.steps.get(index)?.nodes.set(node, { milliseconds, failure: failure && wordsOf(failure) })
        break
      }
      case 'network':
        draft.graph = pack(JSON.stringify(buildGraph(event.network), (_, value) => withoutControls(value)))
        break
      case 'matrix': {
        const { sources, destinations } = event.matrix
        const { counts, cells, ranges } = codeMatrix(event.matrix)
        const named = {
          text: event.text,
          sources: sources.map(({ pod, node }) => ({ pod, node })),
          destinations: destinations.map(({ pod, node, family, address }) => ({ pod, node, family, address })),
        }
        draft.matrix = { ...named, counts, cells: pack(cells), ranges: pack(ranges) }
        break
      }
      case 'diagnosis':
        draft.reasons = describeDiagnosis(event).map(line => shortened(plainText(line), MOST_WORDS))
        break
      case 'evidence':
        this.#keepEvidence(draft, event)
        break
      case 'artefact': {
        const relative = path.relative(this.#directory, path.resolve(event.path)) || '.'
        draft.artefacts.push({
          what: event.what ?? 'results',
          path: event.path,
          href: relative.split(path.sep).map(encodeURIComponent).join('/'),
        })
        break
      }
      case 'test-end':
        draft.ended = event.at
        draft.verdict = event.verdict
        draft.retried = event.retried === true
        draft.why = event.why === undefined ? undefined : shortened(event.why, MOST_WORDS)
        break
    }
  }

  #say(at: number, text: string): void {
    for (const line of text.split('\n')) {
      if (this.#said.length < MOST_SAID) this.#said.push({ at, text: shortened(line, MOST_WORDS) })
      else this.#saidLeftOut++
    }
  }

  #keepEvidence(
    draft: DraftTest,
    { node, subject, what, text }: Extract<RunEvent, { readonly type: 'evidence' }>,
  ): void {
    const kept = withoutMiddle(text, MOST_EVIDENCE).split('\n').map(plainText).join('\n')
    this.#evidence += kept.length
    if (this.#evidence > EVIDENCE_BUDGET) this.#evidenceLeftOut++
    else draft.evidence.push({ node, subject, what, text: kept })
  }
}

/** What belongs to a test that has begun. */
type TestEvent = Exclude<Extract<RunEvent, { readonly test: string }>, { readonly type: 'provenance' }>

const draftOf = ({ test, summary, at, settings, turn }: Extract<RunEvent, { readonly type: 'test-start' }>) =>
  newDraft({ name: test, summary, begun: at, settings, ...(turn && { turn }) })

const wordsOf = ({ why, lastLines }: FailedStep) => ({
  why: shortened(why, MOST_WORDS),
  lastLines: lastLines.map(line => shortened(line, MOST_WORDS)),
})

/** For what is packed; the page's own data loses control characters where it is written. */
const withoutControls = (value: unknown): unknown => (typeof value === 'string' ? plainText(value) : value)
