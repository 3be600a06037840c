import type { FailedStep } from '../events/events.ts'
import { plainText } from '../host/text.ts'

/** One line that says all: `bridge: bridge_ping on vm-002: vm-002-ns03 172.16.2.3 does not answer`. */
export const describeFailedStep = ({ test, step, node, why }: FailedStep): string =>
  plainText(`${test}: ${step} on ${node}: ${why.replaceAll('\n', ' ')}`)

/** A step that told its reason itself has been shown with it; the others' last words help. */
export const newLines = ({ why, lastLines }: FailedStep): readonly string[] =>
  lastLines.some(last => last.includes(why)) ? [] : lastLines.map(plainText)
