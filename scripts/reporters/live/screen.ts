import process from 'node:process'
import cliCursor from 'cli-cursor'
import { createLogUpdate } from 'log-update'
import stringWidth from 'string-width'

/** A terminal, like Node's tty streams. */
export interface TerminalStream {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

/** Permanent lines, and below them a frame that is redrawn. */
export interface Screen {
  /** Adds permanent text above the frame: shown when its line is complete, after at most 0.1 s. */
  write(text: string): void
  /** The frame may have changed. */
  changed(): void
  /** Draws immediately. */
  draw(): void
  /** Erases the frame and shows the cursor, until the next `write` or `changed`. */
  hide(): void
  /** Hides permanently. */
  close(): void
}

const BETWEEN_FRAMES_MS = 100
/** Updates the time in the frame. */
const TICK_MS = 1000
/** Events at the end of the process; the second one precedes Node's message. */
const ENDS = ['exit', 'uncaughtExceptionMonitor'] as const
/** DEC private mode 2026, "synchronized output": updates appear atomically. Other terminals ignore it. */
const [BEGIN_UPDATE, END_UPDATE] = ['\x1b[?2026h', '\x1b[?2026l']
/** DECAWM: cuts off overwide characters instead of wrapping. */
const [NO_WRAP, WRAP] = ['\x1b[?7l', '\x1b[?7h']

/**
 * Draws on a terminal: at most ten times a second, with one write each. Does not keep the process alive.
 * @param render the frame's lines for the available space
 */
export function openScreen(
  terminal: TerminalStream,
  render: (room: { columns: number; rows: number }) => readonly string[],
): Screen {
  let gathered = ''
  const size = () => ({ columns: terminal.columns || 80, rows: terminal.rows || 24 })
  const sink = {
    isTTY: false,
    write: (text: string) => {
      gathered += text
      return true
    },
    get columns() {
      return size().columns
    },
    get rows() {
      return size().rows
    },
  }
  // The sink acts as a terminal. showCursor, because log-update always hides the cursor of process.stderr.
  const log = createLogUpdate(sink as unknown as NodeJS.WriteStream, { showCursor: true })
  let waiting = ''
  let drawn: readonly string[] = []
  let drawnColumns = 0
  let drawnAt = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let due = Number.POSITIVE_INFINITY
  let isHidden = true
  let isOpen = true

  const erase = () => {
    log.clear()
    // Current terminals rewrap rows when they get narrower.
    const { columns } = size()
    const more = columns < drawnColumns ? rowsOf(drawn, columns) - drawn.length : 0
    if (more > 0) gathered += `\x1b[${more}A\x1b[J`
    drawn = []
  }
  const drawFrame = (lines: readonly string[]) => {
    const before = gathered
    gathered = ''
    log(lines.join('\n'))
    gathered = before + (gathered && NO_WRAP + gathered + WRAP)
  }
  const send = () => {
    if (gathered) terminal.write(`${BEGIN_UPDATE}${gathered}${END_UPDATE}`)
    gathered = ''
  }
  const schedule = (milliseconds: number) => {
    const at = performance.now() + milliseconds
    if (at >= due || !isOpen) return
    clearTimeout(timer)
    due = at
    timer = setTimeout(draw, milliseconds).unref()
  }
  const forgetTimer = () => {
    clearTimeout(timer)
    due = Number.POSITIVE_INFINITY
  }
  const start = () => {
    if (!isHidden) return
    isHidden = false
    terminal.on('resize', draw)
    for (const event of ENDS) process.on(event, close)
    cliCursor.hide(terminal as NodeJS.WriteStream)
  }
  const draw = () => {
    if (!isOpen) return
    forgetTimer()
    start()
    const complete = waiting.lastIndexOf('\n') + 1
    const lines = waiting.slice(0, complete)
    waiting = waiting.slice(complete)
    const room = size()
    const next = render(room)
    // log-update (7.2) rewrites only changed lines, incorrectly if their number changes.
    if (lines || room.columns !== drawnColumns || next.length !== drawn.length) erase()
    gathered += lines
    if (next.length > 0) drawFrame(next)
    drawn = next
    drawnColumns = room.columns
    send()
    drawnAt = performance.now()
    schedule(TICK_MS)
  }
  const soon = () => schedule(Math.max(0, drawnAt + BETWEEN_FRAMES_MS - performance.now()))
  const hide = () => {
    forgetTimer()
    erase()
    gathered += waiting
    waiting = ''
    send()
    if (isHidden) return
    isHidden = true
    terminal.off('resize', draw)
    for (const event of ENDS) process.off(event, close)
    cliCursor.show(terminal as NodeJS.WriteStream)
  }
  const close = () => {
    hide()
    isOpen = false
  }
  return {
    write: text => {
      if (!isOpen) return void terminal.write(text)
      waiting += text
      soon()
    },
    changed: soon,
    draw,
    hide,
    close,
  }
}

/** Number of rows of wrapped lines. */
const rowsOf = (lines: readonly string[], columns: number): number =>
  lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(stringWidth(line) / columns)), 0)
