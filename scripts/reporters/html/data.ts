// What the page is given: written here by the host side, read in the browser by page/. No import, because both sides need it.

/** How a test or a run ended; `flaky` is a pass that needed another try. */
export type ReportVerdict = 'passed' | 'flaky' | 'failed' | 'broken' | 'interrupted' | 'skipped'

/** What the page needs at once. Times are milliseconds since the epoch. */
export interface ReportData {
  readonly version: 1
  readonly verdict: ReportVerdict
  readonly begun: number
  readonly ended: number
  /** What ended the run before its tests did. */
  readonly message: string | undefined
  /** How to enter and to end a cluster that was left running. */
  readonly left: string | undefined
  /** Commands of a shell, and what each is for. */
  readonly commands: readonly { readonly what: string; readonly text: string }[]
  readonly tests: readonly TestData[]
  readonly madeWith: readonly ComponentData[]
  /** What the host side said. */
  readonly said: readonly SaidLine[]
  /** What was left out of the report, as sentences for the person. */
  readonly leftOut: readonly string[]
}

/** Something that the run was made with. */
export interface ComponentData {
  readonly name: string
  readonly version: string | undefined
  readonly digest: string | undefined
  readonly place: string | undefined
}

export interface SaidLine {
  readonly at: number
  readonly text: string
}

/** A test that was run, or one try of it. */
export interface TestData {
  readonly name: string
  readonly summary: string
  readonly verdict: ReportVerdict
  readonly why: string | undefined
  /** Likely causes, and what its unexpected results share: what is said first. */
  readonly reasons: readonly string[]
  /** 1 for the first of its repeat; `attempts` is how many there were in that. */
  readonly attempt: number
  readonly attempts: number
  /** It did not pass and was tried again: that try is the one that counts. */
  readonly retried: boolean
  /** 1 for the first; `repeats` is how many there were. */
  readonly repeat: number
  readonly repeats: number
  readonly begun: number
  readonly ended: number
  /** The kind of cluster, as its own line says it. */
  readonly cluster: string | undefined
  readonly clusterBegun: number | undefined
  /** Names in order; the other members name nodes by their positions here. */
  readonly nodes: readonly string[]
  /** When nodes came up. */
  readonly up: readonly (readonly [node: number, at: number])[]
  readonly settings: readonly (readonly [name: string, value: string, origin: string])[]
  readonly steps: readonly StepData[]
  readonly artefacts: readonly ArtefactData[]
  readonly matrix: MatrixData | undefined
  /** {@link Packed} as a `Graph` of scripts/graph. */
  readonly graph: Packed | undefined
  /** {@link Packed} as `readonly LogGroup[]`. */
  readonly log: Packed | undefined
  readonly evidence: readonly EvidenceData[]
}

export interface StepData {
  readonly name: string
  /** 1 for the first of the test. */
  readonly index: number
  readonly begun: number
  readonly nodes: readonly StepNodeData[]
}

/** What a step did on a node. */
export interface StepNodeData {
  readonly node: number
  /** Undefined for what did not end. */
  readonly milliseconds: number | undefined
  readonly failure: { readonly why: string; readonly lastLines: readonly string[] } | undefined
}

export interface ArtefactData {
  readonly what: 'results' | 'evidence'
  readonly path: string
  /** From the report's own directory. */
  readonly href: string
}

/** Something large, compressed, in an element of its own: the page unpacks it when somebody looks. */
export interface Packed {
  /** The element's id. */
  readonly id: string
}

/** What a step printed on a node: its first and its last lines. */
export interface LogGroup {
  /** {@link StepData.index} */
  readonly step: number
  readonly node: number
  readonly lines: readonly LogLine[]
  /** How many lines were left out, and behind how many of `lines` they stood. */
  readonly leftOut: number
  readonly leftOutBehind: number
}

/** Milliseconds since the test began; `!` for stderr, `|` for stdout; the text. */
export type LogLine = readonly [since: number, mark: '|' | '!', text: string]

/** Texts of evidence are {@link Packed} together, as `readonly string[]`. */
export interface EvidenceData {
  readonly node: string
  readonly subject: string
  readonly what: string
  readonly texts: Packed
  readonly position: number
}

export interface MatrixData {
  readonly text: string
  readonly sources: readonly { readonly pod: string; readonly node: string }[]
  readonly destinations: readonly {
    readonly pod: string
    readonly node: string
    readonly family: number
    readonly address: string
  }[]
  /** How many pairs are in each of `CELL_STATES`. */
  readonly counts: readonly number[]
  /** {@link Packed} bytes, row by row; cells.ts says what is where. */
  readonly cells: Packed
  /** The least and the longest times in the same way; missing where they were too much. */
  readonly ranges: Packed | undefined
}
