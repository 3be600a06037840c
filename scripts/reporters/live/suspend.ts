import process from 'node:process'
import { withoutIgnored } from '../../host/signals.ts'
import type { Screen } from './screen.ts'

/**
 * Ctrl-Z restores the terminal; SIGCONT shows the view again.
 * @returns removes the handlers
 */
export function letSuspend(screen: Screen): () => void {
  if (withoutIgnored(['SIGTSTP']).length === 0) return () => {}
  const suspend = () => {
    screen.hide()
    // The default action of SIGTSTP; continues after this line.
    process.kill(process.pid, 'SIGSTOP')
  }
  const goOn = () => screen.changed()
  process.on('SIGTSTP', suspend)
  process.on('SIGCONT', goOn)
  return () => {
    process.off('SIGTSTP', suspend)
    process.off('SIGCONT', goOn)
  }
}
