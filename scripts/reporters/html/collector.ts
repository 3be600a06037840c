import path from 'node:path'
import type { Command, RunEvent } from '../../events/events.ts'
import type { RunRecord, TestRecord } from '../../events/record.ts'
import { beginTest, recorder } from '../../events/recorder.ts'
import { buildGraph } from '../../graph/graph.ts'
import { plainText } from '../../host/text.ts'
import { quote, quoteWord } from '../../ssh/quote.ts'
import { draftConformance } from './conformance.ts'
import type { ComponentData, HostLine, ReportData } from './data.ts'
import { type DraftTest, newDraft } from './draft.ts'
import { finish } from './finish.ts'
import { BoundedLog } from './logs.ts'
import { encodeMatrix } from './matrix.ts'
import { type Packs, pack } from './packed.ts'
import { count } from './page/words.ts'
import { picturesOf } from './probes.ts'
import { shortened, withoutMiddle } from './shorten.ts'

/** Maximum characters of log in a report. */
const LOG_BUDGET = 6_000_000
/** Maximum characters of a host message. */
const MOST_WORDS = 2000
/** Maximum characters of a piece of evidence, and of all. */
const MOST_EVIDENCE = 60_000
const EVIDENCE_BUDGET = 1_500_000
/** Maximum number of host messages. */
const MOST_HOST_LINES = 2000

/** Collects the events of a run. */
export class ReportCollector {
  readonly #directory: string
  readonly #recorder = recorder({ head: 0, tail: 0 })
  readonly #drafts: DraftTest[] = []
  readonly #log = new BoundedLog(LOG_BUDGET)
  readonly #hostLines: HostLine[] = []
  #begun = 0
  #last = 0
  #leftCommands: readonly Command[] = []
  #saidLeftOut = 0
  #evidence = 0
  #evidenceLeftOut = 0

  /** @param directory of the report: links are relative to it */
  constructor(directory: string) {
    this.#directory = directory
  }

  on(event: RunEvent): void {
    this.#begun ||= event.at
    this.#last = event.at
    this.#recorder.on(event)
    switch (event.type) {
      case 'notice':
      case 'detail':
        this.#say(event.at, event.text)
        break
      case 'test-start':
        this.#drafts.push(newDraft(this.#tests.at(-1) as TestRecord))
        break
      case 'test-skipped': {
        // It may have started: then the recorder has dropped it.
        const before = this.#drafts.at(-1)
        if (before && !before.isSkipped && before.record !== this.#tests.at(-1)) this.#drafts.pop()
        this.#drafts.push(newDraft(skippedTest(event), true))
        break
      }
      case 'node-up':
        // Clusters start sequentially.
        this.#drafts.at(-1)?.up.set(event.node, event.at)
        break
      case 'run-end':
        this.#leftCommands = event.leftCommands ?? []
        break
      case 'run-start':
      case 'run-failed':
      case 'provenance':
        break // recorded
      default:
        this.#onTest(event)
    }
  }

  get #tests(): readonly TestRecord[] {
    return this.#recorder.run.tests
  }

  async finish(): Promise<{ readonly data: ReportData; readonly packs: Packs }> {
    const left = [
      [this.#saidLeftOut, count(this.#saidLeftOut, 'line', 'lines'), 'of host messages'],
      [this.#evidenceLeftOut, count(this.#evidenceLeftOut, 'piece', 'pieces'), 'of evidence'],
    ] as const
    const { run } = this.#recorder
    return await finish({
      run,
      begun: this.#begun,
      ended: this.#last,
      commands: [...this.#repeatRun(), ...this.#leftCommands],
      drafts: this.#drafts,
      log: this.#log,
      hostLines: this.#hostLines,
      components: componentsOf(run),
      omissions: left.filter(([number]) => number > 0).map(([, ...words]) => words.join(' ')),
    })
  }

  /** The command line, with its directory and effective variables. */
  #repeatRun(): readonly Command[] {
    const { invocation } = this.#recorder.run
    if (!invocation) return []
    const { directory, command } = invocation
    const settings = this.#drafts[0]?.record.settings.filter(({ origin }) => origin === 'environment') ?? []
    const variables = settings.map(({ name, value }) => `${name}=${quoteWord(value)} `).join('')
    return [{ what: 'repeat the run', text: `cd ${quoteWord(directory)} && ${variables}${quote(command)}` }]
  }

  /** Events of a test belong to its latest attempt. */
  #onTest(event: TestEvent): void {
    const number = this.#drafts.findLastIndex(({ record }) => record.test === event.test)
    const draft = this.#drafts[number]
    if (!draft) return
    switch (event.type) {
      case 'cluster-start':
        draft.clusterBegun = event.at
        break
      case 'output': {
        const mark = event.stream === 'stderr' ? '!' : '|'
        this.#log.add(number, event.index, event.node, [event.at - draft.record.begun, mark, plainText(event.line)])
        break
      }
      case 'step-end':
        if (event.failure) this.#log.failed(number, event.index, event.node)
        break
      case 'network':
        draft.graph = pack(JSON.stringify(buildGraph(event.network), (_, value) => withoutControls(value)))
        break
      case 'matrix': {
        const { sources, destinations } = event.matrix
        const { counts, cells, ranges } = encodeMatrix(event.matrix)
        const named = {
          text: event.text,
          sources: sources.map(({ pod, node }) => ({ pod, node })),
          destinations: destinations.map(({ pod, node, family, address }) => ({ pod, node, family, address })),
        }
        draft.matrix = { ...named, counts, cells: pack(cells), ranges: pack(ranges) }
        break
      }
      case 'probes':
        draft.probes = picturesOf(event.test, event.text, event.proof)
        break
      case 'conformance':
        draft.conformance = draftConformance(event.conformance)
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
    }
  }

  #say(at: number, text: string): void {
    for (const line of text.split('\n')) {
      if (this.#hostLines.length < MOST_HOST_LINES) this.#hostLines.push({ at, text: shortened(line, MOST_WORDS) })
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

type TestEvent = Exclude<Extract<RunEvent, { readonly test: string }>, { readonly type: 'provenance' }>

/** The record of a skipped test. */
const skippedTest = ({ at, test, why }: Extract<RunEvent, { readonly type: 'test-skipped' }>): TestRecord => ({
  ...beginTest({ type: 'test-start', at, test, summary: '', settings: [] }),
  isOver: true,
  why,
})

/** Each component once, in order. */
const componentsOf = ({ components, tests }: RunRecord): readonly ComponentData[] => {
  const all = [...components, ...tests.flatMap(test => test.components)]
  const once = new Map(all.map(component => [JSON.stringify(component), component]))
  return [...once.values()].map(({ name, version, digest, place }) => ({ name, version, digest, place }))
}

/** For packed data; control characters of other data are removed when it is written. */
const withoutControls = (value: unknown): unknown => (typeof value === 'string' ? plainText(value) : value)
