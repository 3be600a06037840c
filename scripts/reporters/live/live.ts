import { Writable } from 'node:stream'
import type { Listener } from '../../events/events.ts'
import { runClock } from '../../host/clock.ts'
import { type Paint, painter } from '../paint.ts'
import type { Terminal, TerminalRequest } from '../streams.ts'
import { frame } from './frame.ts'
import { followProgress } from './progress.ts'
import { openScreen, type Screen } from './screen.ts'
import { letSuspend } from './suspend.ts'

/**
 * The live view: below what the reporters write on the terminal, what is under way on each node.
 * @param sharesStdout stdout is the same terminal: what goes there takes the same way
 */
export function openLive({ stdout, stderr, color, signal }: TerminalRequest, sharesStdout: boolean): Terminal {
  const paint: Paint = painter(color)
  const { progress, on } = followProgress()
  let ending = ''
  const screen = openScreen(stderr, room => {
    const shown = ending ? { ...progress, activity: `${ending}, ending` } : progress
    return progress.begun === 0 ? [] : frame(shown, runClock(), room, paint)
  })
  const onAbort = () => {
    ending = signal.reason instanceof Error ? signal.reason.message : 'interrupted'
    // At once: a frame whose first line is another one is erased whole, and with it the ^C that the terminal has written.
    screen.draw()
  }
  signal.addEventListener('abort', onAbort, { once: true })
  const forgetSuspend = letSuspend(screen)
  const listener: Listener = {
    name: 'live',
    on: event => {
      on(event)
      if (event.type === 'run-end') progress.begun = 0
      screen.changed()
    },
  }
  return {
    stdout: sharesStdout ? writing(screen) : stdout,
    stderr: writing(screen),
    listeners: [listener],
    close: () => {
      signal.removeEventListener('abort', onAbort)
      forgetSuspend()
      screen.close()
    },
  }
}

const writing = (screen: Screen): Writable =>
  new Writable({
    decodeStrings: false,
    write: (chunk: string | Buffer, _, done) => {
      screen.write(chunk.toString())
      done()
    },
  })
