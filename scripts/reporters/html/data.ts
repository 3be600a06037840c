// The data of the page: written by the host, read in the browser by page/. No imports: it is used on both sides.

/** Outcome of a test or run; `flaky` is a pass at a later attempt. */
export type ReportVerdict = 'passed' | 'flaky' | 'failed' | 'broken' | 'interrupted' | 'skipped'

/** Data that is not packed. Times are milliseconds since the epoch. */
export interface ReportData {
  readonly version: 1
  readonly verdict: ReportVerdict
  readonly begun: number
  readonly ended: number
  /** Why the run ended early. */
  readonly message: string | undefined
  /** How to enter and stop a cluster that was left running. */
  readonly left: string | undefined
  /** Shell commands with their purposes. */
  readonly commands: readonly { readonly what: string; readonly text: string }[]
  readonly tests: readonly TestData[]
  /** Of a run on several kernels. */
  readonly kernels: KernelsData | undefined
  readonly components: readonly ComponentData[]
  /** Messages of the host. */
  readonly hostLines: readonly HostLine[]
  /** What the report omits, for the user. */
  readonly omissions: readonly string[]
}

/** A row for each test, a column for each kernel. */
export interface KernelsData {
  readonly columns: readonly string[]
  readonly rows: readonly { readonly test: string; readonly verdicts: readonly (ReportVerdict | 'not run')[] }[]
}

/** A program, image or ovl of the run. */
export interface ComponentData {
  readonly name: string
  readonly version: string | undefined
  readonly digest: string | undefined
  readonly place: string | undefined
}

export interface HostLine {
  readonly at: number
  readonly text: string
}

/** An attempt of a test. */
export interface TestData {
  readonly name: string
  readonly summary: string
  readonly verdict: ReportVerdict
  readonly why: string | undefined
  /** Likely causes and groups of failures, shown first. */
  readonly reasons: readonly string[]
  /** 1 for the first attempt of its repeat; `attempts` counts those of the repeat. */
  readonly attempt: number
  readonly attempts: number
  /** Failed, but another attempt followed: this one does not count. */
  readonly retried: boolean
  /** 1 for the first; `repeats` counts all. */
  readonly repeat: number
  readonly repeats: number
  readonly begun: number
  readonly ended: number
  /** The cluster kind with its summary. */
  readonly cluster: string | undefined
  readonly clusterBegun: number | undefined
  /** Names in order; other members refer to nodes by index. */
  readonly nodes: readonly string[]
  /** When nodes were up. */
  readonly up: readonly (readonly [node: number, at: number])[]
  readonly settings: readonly (readonly [name: string, value: string, origin: string])[]
  readonly steps: readonly StepData[]
  readonly artefacts: readonly ArtifactData[]
  readonly matrix: MatrixData | undefined
  /** Results of a proof by rules. */
  readonly probes: ProbesData | undefined
  /** How a CNI network conforms to the specification. */
  readonly conformance: ConformanceData | undefined
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

/** A step on a node. */
export interface StepNodeData {
  readonly node: number
  /** Undefined if unfinished. */
  readonly milliseconds: number | undefined
  readonly failure: { readonly why: string; readonly lastLines: readonly string[] } | undefined
  /** Why it was skipped, or a warning: `skipped: <reason>`. */
  readonly note?: string
}

export interface ArtifactData {
  readonly what: 'results' | 'evidence'
  readonly path: string
  /** Relative to the report. */
  readonly href: string
}

/** Large compressed data in its own element; the page unpacks it on demand. */
export interface Packed {
  /** The element's id. */
  readonly id: string
}

/** The first and last lines of a step's output on a node. */
export interface LogGroup {
  /** {@link StepData.index} */
  readonly step: number
  readonly node: number
  readonly lines: readonly LogLine[]
  /** The number of omitted lines, and their position in `lines`. */
  readonly omitted: number
  readonly omittedAfter: number
}

/** Milliseconds since the test started; `!` for stderr, `|` for stdout; the text. */
export type LogLine = readonly [since: number, mark: '|' | '!', text: string]

/** Texts of evidence are {@link Packed} together, as `readonly string[]`. */
export interface EvidenceData {
  readonly node: string
  readonly subject: string
  readonly what: string
  readonly texts: Packed
  readonly position: number
}

/** How a CNI network conforms to the specification. */
export interface ConformanceData {
  /** Network, version, plugins and counts of verdicts. */
  readonly text: string
  readonly checks: readonly CheckData[]
  /** Whether the results are compared with earlier ones. */
  readonly isCompared: boolean
  /** Checks of the earlier results that were not run now. */
  readonly gone: readonly string[]
  /**
   * {@link Packed} as `readonly (readonly CheckEvidenceData[])[]`: a list for each check; undefined if it did not fit.
   */
  readonly evidence: Packed | undefined
}

export interface CheckData {
  readonly name: string
  readonly verdict: 'passed' | 'failed' | 'warning' | 'skipped'
  /** The verdict in words: `violates MUST`. */
  readonly word: string
  readonly level: string
  readonly section: string
  /** What a conforming plugin does. */
  readonly expects: string
  readonly why: string | undefined
  readonly node: string
  /** Against earlier results: `fixed, before: violates MUST`. */
  readonly change: string | undefined
}

/** A call of a plugin, or what the kernel shows. */
export interface CheckEvidenceData {
  readonly title: string
  readonly parts: readonly (readonly [label: string, text: string])[]
}

/** A picture for each probe, and lines for addresses of load balancers. */
export interface ProbesData {
  readonly text: string
  readonly pictures: readonly {
    readonly title: string
    readonly text: string
    readonly hasWrong: boolean
    /** {@link Packed} SVG. */
    readonly picture: Packed
  }[]
  readonly lines: readonly string[]
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
  /** Number of pairs in each of `CELL_STATES`. */
  readonly counts: readonly number[]
  /** {@link Packed} bytes, row by row; see cells.ts. */
  readonly cells: Packed
  /** Minimum and maximum times; undefined if omitted for size. */
  readonly ranges: Packed | undefined
}
