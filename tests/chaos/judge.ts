import type { Fault } from './faults.ts'

/** The observations of a round. */
export interface Round {
  readonly fault: Fault
  /** The target that was hit; undefined when there was none, or not yet. */
  readonly hit: string | undefined
  /** Whether the run had reported a pass before the fault, or just after it. */
  readonly late: boolean
  /** Exit code of the run: -1 when it did not end, 128 + n when it was ended by signal n. */
  readonly code: number
  readonly stderr: string
  /** Exit code of `stop --all` afterwards. */
  readonly stopCode: number
  /** Processes left after that. */
  readonly processes: readonly number[]
  /** Clusters and temporary files left after that. */
  readonly files: readonly string[]
}

const TRACE = /\n\s+at .*:\d+:\d+|internal error|UnhandledPromise|node:internal/

/** @returns the problems of a round; empty when it is correct */
export function judge({ fault, hit, late, code, stderr, stopCode, processes, files }: Round): readonly string[] {
  const problems: string[] = []
  const isHit = hit !== undefined || fault.strike === undefined
  const mayPass = !isHit || late || fault.mayPass || fault.survivedBy?.test(stderr)
  const allowed = [...(isHit ? fault.codes : []), ...(mayPass ? [0] : [])]
  if (code === -1) problems.push('it did not end')
  else if (!allowed.includes(code)) problems.push(`exit code ${code} instead of ${allowed.join(' or ')}`)
  const isPassed = /: passed(: |$)/m.test(stderr)
  if (isPassed && !mayPass) problems.push('it reports that it passed')
  if (code === 0 && !isPassed) problems.push('exit code 0 without a pass')
  if (TRACE.test(stderr)) problems.push('a stack trace, or an internal error')
  if (stopCode !== 0) problems.push(`stop --all exited with ${stopCode}`)
  if (processes.length > 0) problems.push(`left after stop --all: process ${processes.join(', ')}`)
  if (files.length > 0) problems.push(`left after stop --all: ${files.join(', ')}`)
  return problems
}
