import type { FailedStep } from '../events/events.ts'
import { plainText } from '../host/text.ts'

/** A failure in one line: `bridge: bridge_ping on vm-002: vm-002-ns03 172.16.2.3 does not answer`. */
export const describeFailedStep = ({ test, step, node, why }: FailedStep): string =>
  plainText(`${test}: ${step} on ${node}: ${why.replaceAll('\n', ' ')}`)

/** The last lines, unless the reason is one of them. */
export const newLines = ({ why, lastLines }: FailedStep): readonly string[] =>
  lastLines.some(last => last.includes(why)) ? [] : lastLines.map(plainText)
