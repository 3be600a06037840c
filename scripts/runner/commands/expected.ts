import type { Expected, TextPattern } from '../../cases/command.ts'
import { shortText } from '../../host/text.ts'

interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Why an outcome is not the expected one; undefined if it is. */
export function mismatch({ status, stdout, stderr }: Outcome, expected: Expected = {}): string | undefined {
  return (
    wrongStatus(status, stderr, expected) ??
    wrongText('stdout', stdout, expected) ??
    wrongText('stderr', stderr, expected)
  )
}

function wrongStatus(status: number, stderr: string, { status: wanted = 0 }: Expected): string | undefined {
  if (wanted === 'any') return undefined
  const all = [wanted].flat()
  if (all.includes(status)) return undefined
  const instead = all.length === 1 && all[0] === 0 ? '' : `, expected ${all.join(' or ')}`
  const last = shortText(stderr.trim().split('\n').at(-1) ?? '')
  return `exited with status ${status}${instead}${last && `: ${last}`}`
}

function wrongText(stream: 'stdout' | 'stderr', text: string, expected: Expected): string | undefined {
  const wanted = [expected[stream] ?? []].flat()
  const missing = wanted.find(pattern => !matchesText(pattern, text))
  if (missing === undefined) return undefined
  const verb = typeof missing === 'string' ? 'does not contain' : 'does not match'
  return `${stream} ${verb} ${describePattern(missing)}: ${shortText(text.trim()) || 'it is empty'}`
}

/** Whether a text contains a string, or matches an expression. */
export const matchesText = (pattern: TextPattern, text: string): boolean =>
  typeof pattern === 'string'
    ? text.includes(pattern)
    : new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).test(text)

const describePattern = (pattern: TextPattern): string =>
  typeof pattern === 'string' ? `'${pattern}'` : String(pattern)
