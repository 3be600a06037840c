import type { FailedStep } from '../events/events.ts'
import { plainText } from '../host/text.ts'

/**
 * A failure in one line: `bridge: bridge_ping on vm-002: vm-002-ns03 172.16.2.3 does not answer`, with the place in the
 * test's file where there is one.
 */
export const describeFailedStep = ({ test, step, node, why, location }: FailedStep): string =>
  plainText(`${test}: ${step} on ${node}: ${why.replaceAll('\n', ' ')}${location ? ` (${location})` : ''}`)

/** The last lines, unless the reason is one of them. */
export const newLines = ({ why, lastLines }: FailedStep): readonly string[] =>
  lastLines.some(last => last.includes(why)) ? [] : lastLines.map(plainText)
