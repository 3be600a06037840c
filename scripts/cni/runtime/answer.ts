import { shortText } from '../../host/text.ts'
import type { Operation } from './derive.ts'
import type { Execution, ExecutionEnd } from './execute.ts'
import { type PluginError, parseError, parseResult, parseVersions, type Result } from './result.ts'

/** A plugin's execution and its answer. */
export interface Call extends Execution {
  readonly operation: Operation
  /** The plugin's type. */
  readonly plugin: string
  readonly end: ExecutionEnd
  readonly answer: Answer
}

/** The answer of a plugin: success, with a result of ADD, or failure. */
export type Answer =
  | { readonly ok: true; readonly result?: Result; readonly versions?: readonly string[] }
  | {
      readonly ok: false
      /** Completes "the plugin …". */
      readonly why: string
      /** The error that it printed, if that is valid. */
      readonly error?: PluginError
    }

/** How much of an output that is not JSON is shown. */
const MOST_CHARACTERS = 200

/**
 * Reads the answer of a plugin.
 * @param version of the network
 */
export function readAnswer(operation: Operation, version: string, end: ExecutionEnd): Answer {
  const { status, problem, stdout, stderr } = end
  if (problem !== undefined) return { ok: false, why: problem }
  if (status !== 0) {
    const error = parseError(stdout, stderr)
    if (error) return { ok: false, why: describeError(error), error }
    const output = [stdout, stderr].map(text => shortText(text, MOST_CHARACTERS)).filter(Boolean)
    const text = output.length > 0 ? `: ${output.join(' ')}` : ''
    return { ok: false, why: `exited with status ${status} and without an error in JSON${text}` }
  }
  if (operation === 'ADD') {
    const parsed = parseResult(stdout, version)
    return 'value' in parsed
      ? { ok: true, result: parsed.value }
      : { ok: false, why: `answered ADD with an invalid result: ${parsed.why}` }
  }
  if (operation === 'VERSION') {
    const parsed = parseVersions(stdout)
    return 'value' in parsed
      ? { ok: true, versions: parsed.value.supportedVersions }
      : { ok: false, why: `answered VERSION with an invalid list: ${parsed.why}` }
  }
  return { ok: true }
}

const describeError = ({ code, msg, details }: PluginError): string =>
  `failed with code ${code}: ${msg}${details ? `; ${details}` : ''}`
