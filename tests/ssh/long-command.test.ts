import { spawnSync } from 'node:child_process'
import test from 'ava'
import { abbreviate, encodeCommand } from '../../scripts/ssh/long-command.ts'
import { quoteExec } from '../../scripts/ssh/quote.ts'

/** Runs a command as a node's shell does. */
function run(shell: readonly string[], command: string, input: string) {
  const { line, preamble = Buffer.alloc(0) } = encodeCommand('vm-001', command, false)
  if (line.length >= 9000) throw new Error('too long for dropbear')
  const [file = '', ...words] = shell
  const { status, stdout, stderr } = spawnSync(file, [...words, '-c', line], {
    input: Buffer.concat([preamble, Buffer.from(input)]),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  return { status, stdout, stderr }
}

const hasBusybox = spawnSync('busybox', ['true']).status === 0
const SHELLS = [['/bin/sh'], ...(hasBusybox ? [['busybox', 'sh']] : [])]

test('runs a command of any length, followed by its input', t => {
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

test('passes on as many words as a host allows', t => {
  const words = Array.from({ length: 20_000 }, (_, index) => `word-${index}`)
  const { stdout } = run(['/bin/sh'], quoteExec(['printf', '%s\n', ...words]), '')
  t.deepEqual(stdout.split('\n').slice(0, -1), words)
})

test('refuses a long command with a terminal, and names the limit', t => {
  t.throws(() => encodeCommand('vm-001', 'x'.repeat(8193), true), {
    code: 'COMMAND_TOO_LONG',
    message: /at most 8192 bytes, this one has 8193/,
  })
  t.deepEqual(encodeCommand('vm-001', 'x'.repeat(8192), true), { line: 'x'.repeat(8192) })
})

test('abbreviates a long command', t => {
  t.is(abbreviate('ls'), 'ls')
  t.true(abbreviate('x'.repeat(9000)).length < 250)
})
