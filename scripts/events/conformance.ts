/** MUST: a violation fails the run. SHOULD: a violation is a warning, and fails the run with `--strict`. */
export type Level = 'MUST' | 'SHOULD'

export type CheckVerdict = 'passed' | 'failed' | 'warning' | 'skipped'

/** A call of a plugin, or the state of the kernel, as a check saw it. */
export type CheckEvidence =
  | {
      readonly type: 'call'
      readonly operation: string
      readonly plugin: string
      readonly environment: Readonly<Record<string, string>>
      readonly input: string
      /** Missing for a plugin that was killed. */
      readonly status?: number
      /** Why it was killed, or a problem of its execution. */
      readonly problem?: string
      readonly stdout: string
      readonly stderr: string
      readonly milliseconds: number
    }
  | { readonly type: 'kernel'; readonly what: string; readonly text: string }

/** The result of a check of a CNI network. */
export interface CheckResult {
  readonly name: string
  readonly level: Level
  /** Of the CNI specification, or `CONVENTIONS`. */
  readonly section: string
  /** What a conforming plugin does; completes "The plugin …". */
  readonly expects: string
  readonly verdict: CheckVerdict
  /** The violation, or why the check was skipped. */
  readonly why?: string
  readonly node: string
  readonly milliseconds: number
  readonly evidence: readonly CheckEvidence[]
}

/** How a CNI network conforms to the specification. */
export interface Conformance {
  readonly network: string
  readonly file: string
  readonly cniVersion: string
  /** Types of its plugins in order, each with its IPAM plugin: `bridge (host-local)`. */
  readonly plugins: readonly string[]
  readonly checks: readonly CheckResult[]
  /** The differences to earlier results, if they were given. */
  readonly changes?: readonly ConformanceChange[]
}

/** A check whose verdict differs from that of earlier results; undefined where it was not run. */
export interface ConformanceChange {
  readonly name: string
  readonly before: Pick<CheckResult, 'verdict' | 'level' | 'why'> | undefined
  readonly after: Pick<CheckResult, 'verdict' | 'level' | 'why'> | undefined
  /** `other`: it was or is skipped or not run, or its violation has another level. */
  readonly kind: 'fixed' | 'broken' | 'other'
}
