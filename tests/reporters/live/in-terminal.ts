// Shows the live view on stderr until Ctrl-C, or, with `crash`, until an unexpected error.
import process from 'node:process'
import { runClock } from '../../../scripts/host/clock.ts'
import { openTerminal } from '../../../scripts/reporters/terminal.ts'

const ending = new AbortController()
const { stdout, stderr } = process
const terminal = await openTerminal({
  stdout,
  stderr,
  color: false,
  progress: process.argv[2] !== 'plain',
  signal: ending.signal,
})
const nodes = ['vm-001', 'vm-002']
for (const { on } of terminal.listeners) {
  on({ at: runClock(), type: 'run-start', tests: ['bridge'] })
  on({ at: runClock(), type: 'step-start', test: 'bridge', step: 'bridge_ping', index: 2, nodes })
}
terminal.stdout.write('a line of the log\n')
terminal.stderr.write('a line of the summary\n')
const staying = setInterval(() => {}, 1000)
process.on('SIGINT', () => {
  ending.abort(new Error('interrupted by SIGINT'))
  clearInterval(staying)
  terminal.stderr.write('the last line\n')
  terminal.close()
})
if (process.argv[2] === 'crash') {
  setTimeout(() => {
    throw new Error('nobody expects this')
  }, 300)
}
if (process.argv[2] === 'plain') process.emit('SIGINT')
