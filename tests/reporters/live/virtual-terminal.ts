import type { EventEmitter } from 'node:events'
import { Writable } from 'node:stream'
import xterm from '@xterm/headless'

/** An emulated terminal and its contents. */
export interface VirtualTerminal {
  /** The stream, like process.stderr. */
  readonly stream: Writable & { readonly isTTY: true; columns: number; rows: number }
  /** All writes. */
  readonly writes: readonly string[]
  /** All rows including the scrollback, without trailing empty ones. */
  rows(): readonly string[]
  /** The same, with wrapped lines joined. */
  lines(): readonly string[]
  resize(columns: number, rows: number): void
  /** Output of the terminal itself, for example for Ctrl-C. */
  echo(text: string): void
  cursorIsHidden(): boolean
}

/** Emulates a real terminal by xterm.js. */
export function virtualTerminal(columns = 80, rows = 24): VirtualTerminal {
  const terminal = new xterm.Terminal({
    cols: columns,
    rows,
    allowProposedApi: true,
    scrollback: 10_000,
    logLevel: 'off',
  })
  const writes: string[] = []
  // A terminal device converts LF to CR LF.
  // The public `write` depends on timers, which a test may mock.
  const { _core } = terminal as unknown as { _core: { writeSync(text: string): void } }
  const feed = (text: string) => _core.writeSync(text.replaceAll('\n', '\r\n'))
  const stream = Object.assign(
    new Writable({
      decodeStrings: false,
      write: (chunk: string | Buffer, _, done) => {
        writes.push(chunk.toString())
        feed(chunk.toString())
        done()
      },
    }),
    { isTTY: true as const, columns, rows },
  )
  const rowsNow = () => {
    const { active } = terminal.buffer
    return Array.from({ length: active.length }, (_, index) => active.getLine(index)).filter(row => row !== undefined)
  }
  const withoutEnd = (lines: readonly string[]) => lines.slice(0, lines.findLastIndex(line => line !== '') + 1)
  return {
    stream,
    writes,
    rows: () => withoutEnd(rowsNow().map(row => row.translateToString(true))),
    lines: () => {
      const lines: string[] = []
      for (const row of rowsNow()) {
        const isFull = row.isWrapped && lines.length > 0
        const text = row.translateToString(true)
        if (isFull) lines.push(`${lines.pop()}${text}`)
        else lines.push(text)
      }
      return withoutEnd(lines)
    },
    resize: (columns, rows) => {
      terminal.resize(columns, rows)
      Object.assign(stream, { columns, rows })
      ;(stream as EventEmitter).emit('resize')
    },
    echo: feed,
    cursorIsHidden: () => {
      const all = writes.join('')
      return all.lastIndexOf('\x1b[?25l') > all.lastIndexOf('\x1b[?25h')
    },
  }
}
