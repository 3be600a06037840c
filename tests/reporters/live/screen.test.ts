import test from 'ava'
import fc from 'fast-check'
import { openScreen } from '../../../scripts/reporters/live/screen.ts'
import { virtualTerminal } from './virtual-terminal.ts'

test('keeps lines above a single frame; at the end, erases the frame and shows the cursor', t => {
  const terminal = virtualTerminal()
  let count = 0
  const screen = openScreen(terminal.stream, () => [`frame ${count}`, 'second'])
  screen.draw()
  t.deepEqual(terminal.rows(), ['frame 0', 'second'])
  t.true(terminal.cursorIsHidden())
  screen.write('one\ntwo\nthr')
  count = 1
  screen.draw()
  t.deepEqual(terminal.rows(), ['one', 'two', 'frame 1', 'second'])
  screen.write('ee\n')
  screen.draw()
  t.deepEqual(terminal.rows(), ['one', 'two', 'three', 'frame 1', 'second'])
  screen.write('and no line end')
  screen.close()
  t.deepEqual(terminal.rows(), ['one', 'two', 'three', 'and no line end'])
  t.false(terminal.cursorIsHidden())
  t.is(terminal.stream.listenerCount('resize'), 0)
})

test('writes a frame with its lines at once, and nothing without changes', t => {
  const terminal = virtualTerminal()
  const screen = openScreen(terminal.stream, () => ['frame'])
  screen.draw()
  const before = terminal.writes.length
  screen.write('line\n')
  screen.draw()
  t.is(terminal.writes.length, before + 1)
  screen.draw()
  screen.draw()
  t.is(terminal.writes.length, before + 1)
  screen.close()
})

test('leaves nothing behind when the frame grows, shrinks, hides and returns', t => {
  const terminal = virtualTerminal()
  let frame = ['head']
  const screen = openScreen(terminal.stream, () => frame)
  screen.write('line\n')
  for (const next of [['head', 'a', 'b'], ['head', 'b'], ['head', 'x', 'b', 'c', 'd'], ['other'], [], ['head', 'z']]) {
    frame = next
    screen.draw()
    t.deepEqual(terminal.rows(), ['line', ...next])
  }
  screen.hide()
  t.deepEqual(terminal.rows(), ['line'])
  t.false(terminal.cursorIsHidden())
  screen.draw()
  t.deepEqual(terminal.rows(), ['line', 'head', 'z'])
  screen.close()
})

const ROWS = 48

const operation = fc.oneof(
  fc.record({ write: fc.array(fc.stringMatching(/^[a-z]([ -~]{0,150}[a-z])?$/), { minLength: 1, maxLength: 5 }) }),
  // Few different lines, so that frames share lines.
  fc.record({ frame: fc.array(fc.constantFrom('#a', '#b', '#'.repeat(70), '#'.repeat(150)), { maxLength: 6 }) }),
  fc.record({ columns: fc.integer({ min: 20, max: 120 }) }),
)

test('shows every line once, complete and in order, after any writes, frames and resizes', t => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 30 }), operations => {
      // High enough that no frame scrolls out of sight, where it could not be erased.
      const terminal = virtualTerminal(80, ROWS)
      let frame: readonly string[] = ['# frame']
      const screen = openScreen(terminal.stream, ({ columns }) => frame.map(line => line.slice(0, columns - 1)))
      const written: string[] = []
      for (const done of operations) {
        if ('write' in done) {
          written.push(...done.write)
          screen.write(`${done.write.join('\n')}\n`)
        } else if ('frame' in done) frame = done.frame
        else terminal.resize(done.columns, ROWS)
        screen.draw()
        const lines = terminal.lines()
        t.deepEqual(lines.slice(0, written.length), written)
        t.deepEqual(
          lines.slice(written.length),
          frame.map(line => line.slice(0, terminal.stream.columns - 1)),
        )
      }
      screen.close()
      t.deepEqual(terminal.lines(), written)
    }),
    { numRuns: 100 },
  )
})
