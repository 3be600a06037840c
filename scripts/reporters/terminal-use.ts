import { usageFailure } from '../errors/failure.ts'
import type { Environment } from '../host/environment.ts'
import { isCi } from '../settings/sources.ts'
import { PROGRESS_KINDS, type ProgressKind } from './names.ts'
import type { TerminalUse } from './streams.ts'

/**
 * Reads `--progress`.
 * @throws Failure BAD_VALUE (exit 2)
 */
export function readProgress(input: string | undefined, option = '--progress'): ProgressKind {
  const value = input ?? 'auto'
  const kind = PROGRESS_KINDS.find(each => each === value)
  if (kind) return kind
  throw usageFailure('BAD_VALUE', `${option}=${value}: must be one of ${PROGRESS_KINDS.join(', ')}`)
}

/**
 * How to use the terminal of a stream. A non-empty NO_COLOR overrides FORCE_COLOR; `TERM=dumb` disables color and
 * progress; without a terminal there is no progress, and color only with FORCE_COLOR. FORCE_COLOR 0 and false disable
 * color, as in Node.
 * https://no-color.org, https://force-color.org, https://nodejs.org/api/tty.html#writestreamgetcolordepthenv
 */
export function readTerminalUse(
  environment: Environment,
  stream: { isTTY?: boolean },
  progress: ProgressKind = 'auto',
): TerminalUse {
  const capable = stream.isTTY === true && environment.TERM !== 'dumb'
  const force = environment.FORCE_COLOR
  const color = force ? !['0', 'false'].includes(force) : capable
  const isWanted = progress === 'live' || (progress === 'auto' && !isCi(environment.CI))
  return { color: !environment.NO_COLOR && color, progress: capable && isWanted }
}
