import type { TerminalUse } from '../report/summary.ts'
import type { Environment } from './sources.ts'

/**
 * How a stream's terminal is to be used. NO_COLOR (not empty) wins over FORCE_COLOR; `TERM=dumb` means neither colour
 * nor progress; what is no terminal gets colour only by force, and never progress.
 */
export function readTerminalUse(environment: Environment, stream: { isTTY?: boolean }): TerminalUse {
  const capable = stream.isTTY === true && environment.TERM !== 'dumb'
  const forced = environment.FORCE_COLOR !== undefined && !['0', 'false'].includes(environment.FORCE_COLOR)
  return { colour: !environment.NO_COLOR && (forced || capable), progress: capable }
}
