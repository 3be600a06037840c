import process from 'node:process'
import { withoutIgnored } from '../../host/signals.ts'
import type { Screen } from './screen.ts'

/**
 * Ctrl-Z gives the terminal back as it was, and whoever goes on finds the view again.
 * @returns what leaves Ctrl-Z to the system again
 */
export function letSuspend(screen: Screen): () => void {
  if (withoutIgnored(['SIGTSTP']).length === 0) return () => {}
  const suspend = () => {
    screen.hide()
    // What SIGTSTP does where nobody listens to it; goes on behind this line.
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
