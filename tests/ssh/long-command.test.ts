import { spawnSync } from 'node:child_process'
import test from 'ava'
import { sentForm, shownCommand } from '../../scripts/ssh/long-command.ts'
import { quoteExec } from '../../scripts/ssh/quote.ts'

/** As a node's shell runs it. */
function run(shell: readonly string[], command: string, input: string) {
  const { line, head = Buffer.alloc(0) } = sentForm('vm-001', command, false)
  if (line.length >= 9000) throw new Error('too long for dropbear')
  const [file = '', ...words] = shell
  const { status, stdout, stderr } = spawnSync(file, [...words, '-c', line], {
    input: Buffer.concat([head, Buffer.from(input)]),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  return { status, stdout, stderr }
}

const hasBusybox = spawnSync('busybox', ['true']).status === 0
const SHELLS = [['/bin/sh'], ...(hasBusybox ? [['busybox', 'sh']] : [])]

test('a command of any length runs as it is, and its input is what follows', t => {
  for (const shell of SHELLS) {
    for (const length of [10, 8192, 8193, 9000, 100_000]) {
      const word = `ü'"$x\\\n `.repeat(length / 10).padEnd(length, 'y')
      const words = ['sh', '-c', 'printf %s "$1"; cat; exit 7', 'sh', word]
      const { status, stdout, stderr } = run(shell, quoteExec(words), 'the input\n')
      t.is(status, 7, stderr)
      t.is(stdout, `${word}the input\n`)
    }
  }
})

test('as many words as a host can pass on arrive', t => {
  const words = Array.from({ length: 20_000 }, (_, index) => `word-${index}`)
  const { stdout } = run(['/bin/sh'], quoteExec(['printf', '%s\n', ...words]), '')
  t.deepEqual(stdout.split('\n').slice(0, -1), words)
})

test('with a terminal a long command is refused with the limit', t => {
  t.throws(() => sentForm('vm-001', 'x'.repeat(8193), true), {
    code: 'COMMAND_TOO_LONG',
    message: /8192 bytes, this has 8193/,
  })
  t.deepEqual(sentForm('vm-001', 'x'.repeat(8192), true), { line: 'x'.repeat(8192) })
})

test('messages show the beginning of a long command', t => {
  t.is(shownCommand('ls'), 'ls')
  t.true(shownCommand('x'.repeat(9000)).length < 250)
})
