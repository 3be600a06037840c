import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { quoteWord } from '../../../scripts/ssh/quote.ts'
import { tool } from '../../needs.ts'
import { waitUntil } from '../../wait-until.ts'
import { virtualTerminal } from './virtual-terminal.ts'

const PROGRAM = [process.execPath, '--import=tsx', path.join(import.meta.dirname, 'in-terminal.ts')]

/** Runs the program on a pseudoterminal. */
function onTerminal(t: ExecutionContext, ...words: string[]) {
  const terminal = virtualTerminal()
  const line = ['exec', ...PROGRAM, ...words].map(quoteWord).join(' ')
  const child = spawn(
    tool('script'),
    ['--quiet', '--return', '--flush', '--command', `stty cols 80 rows 24; ${line}`, '/dev/null'],
    { env: { ...process.env, TERM: 'xterm' } },
  )
  child.stdout.on('data', chunk => terminal.stream.write(chunk))
  const shows = (pattern: RegExp) =>
    waitUntil(`it shows ${pattern}`, () => terminal.lines().some(text => pattern.test(text)))
  // Its end closes the terminal, and ends the program.
  t.teardown(() => child.kill('SIGKILL'))
  return { child, terminal, shows, written: () => terminal.writes.join(''), closed: once(child, 'close') }
}

const SHOW_CURSOR = '\x1b[?25h'

const isStopped = (pid = 0) => /^State:\tT/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))

test('Ctrl-Z restores the terminal, and the view returns; Ctrl-C restores it, too', async t => {
  const { child, terminal, shows, written, closed } = onTerminal(t)
  const lines = ['a line of the log', 'a line of the summary']
  await shows(/vm-002 {2}running/)
  t.true(terminal.cursorIsHidden())
  child.stdin.write('\x1a')
  // `script` stops, too, perhaps before it has printed the last output.
  await waitUntil('it is stopped', () => isStopped(child.pid))
  child.kill('SIGCONT')
  const parts = () => written().split(SHOW_CURSOR)
  await waitUntil('the view is back', () => parts()[1]?.includes('running') === true)
  const before = virtualTerminal()
  before.stream.write(parts()[0])
  t.deepEqual(before.lines(), lines, 'while it was stopped')
  t.deepEqual(terminal.lines().slice(0, 2), lines)
  t.true(terminal.lines().some(line => /vm-002 {2}running/.test(line)))
  child.stdin.write('\x03')
  await closed
  t.deepEqual(terminal.lines(), [...lines, 'the last line'])
  t.false(terminal.cursorIsHidden())
})

test('prints an unexpected error below the permanent lines, with the cursor visible', async t => {
  const { terminal, closed } = onTerminal(t, 'crash')
  const [status] = await closed
  t.not(status, 0)
  const shown = terminal.lines()
  t.deepEqual(shown.slice(0, 2), ['a line of the log', 'a line of the summary'])
  t.true(shown.includes('Error: nobody expects this'), shown.join('\n'))
  t.false(shown.some(line => line.includes('running')))
  t.false(terminal.cursorIsHidden())
})

test('loads the drawing code only for a live view', t => {
  const [node = '', ...words] = PROGRAM
  const loaded = (...more: string[]) =>
    spawnSync(node, [...words, ...more], { encoding: 'utf8', env: { ...process.env, NODE_DEBUG: 'module,esm' } }).stderr
  const plain = loaded('plain')
  t.regex(plain, /a line of the summary\n/)
  t.notRegex(plain, /node_modules\/(log-update|cli-truncate)\//)
  t.regex(loaded('crash'), /node_modules\/log-update\//)
})
