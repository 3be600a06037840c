import type { Fault } from './faults.ts'

/** How a round went. */
export interface Round {
  readonly fault: Fault
  /** What the fault hit; undefined when there was nothing to hit any more, or yet. */
  readonly hit: string | undefined
  /** The run had said that it passed when the fault came, or said so at that moment. */
  readonly late: boolean
  /** -1 when it did not end, 128 + n when signal n ended it. */
  readonly code: number
  readonly stderr: string
  /** Of `stop --all` afterwards. */
  readonly stopCode: number
  /** Processes that are left after that. */
  readonly processes: readonly number[]
  /** Clusters and temporary files that are left after that. */
  readonly files: readonly string[]
}

const TRACE = /\n\s+at .*:\d+:\d+|internal error|UnhandledPromise|node:internal/

/** @returns what is wrong with it: empty for a round that is as it must be */
export function judge({ fault, hit, late, code, stderr, stopCode, processes, files }: Round): readonly string[] {
  const complaints: string[] = []
  const isHit = hit !== undefined || fault.strike === undefined
  const mayPass = !isHit || late || fault.mayPass || fault.survivedBy?.test(stderr)
  const allowed = [...(isHit ? fault.codes : []), ...(mayPass ? [0] : [])]
  if (code === -1) complaints.push('it did not end')
  else if (!allowed.includes(code)) complaints.push(`exit code ${code}, and not ${allowed.join(' or ')}`)
  const isPassed = /: passed(: |$)/m.test(stderr)
  if (isPassed && !mayPass) complaints.push('it says that it passed')
  if (code === 0 && !isPassed) complaints.push('exit code 0 without a pass')
  if (TRACE.test(stderr)) complaints.push('a stack trace, or an internal error')
  if (stopCode !== 0) complaints.push(`stop --all ended with ${stopCode}`)
  if (processes.length > 0) complaints.push(`left after stop --all: process ${processes.join(', ')}`)
  if (files.length > 0) complaints.push(`left after stop --all: ${files.join(', ')}`)
  return complaints
}
