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
 * The live view: shows the progress of each node below the reporters' output.
 * @param sharesStdout stdout is the same terminal: route it through the view
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
    // Redraws at once: a changed first line erases the whole frame, including the ^C of the terminal.
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
