import process from 'node:process'
import { usageFailure } from '../errors/failure.ts'
import type { Connection, Terminal } from '../node/connection.ts'
import type { Node } from '../node/node.ts'
import { quote } from '../node/quote.ts'

/** Signals that reach the command in the VM and not this program. */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

/**
 * `exec`: runs a command in a VM or POD of a running cluster, with its streams, signals and exit code; without a
 * command, a shell.
 * @param node the VM; its connection is closed in the end
 * @param target the VM's name, or that of a POD in it
 * @param words the command; none for a shell
 * @param terminalType what $TERM says
 * @throws Failure NO_COMMAND (exit 2)
 */
export async function execOn(
  { name, connection }: Node,
  target: string,
  words: readonly string[],
  terminalType: string,
): Promise<number> {
  try {
    const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true
    if (words.length === 0 && !isTerminal) {
      throw usageFailure('NO_COMMAND', `exec ${target}: a command is needed where there is no terminal for a shell`)
    }
    const command = words.length === 0 ? ['/bin/sh', '-l'] : words
    // Without `exec` the login shell would stay in between, and signals would reach it instead of the command.
    const line = `exec ${quote(target === name ? command : ['netns_test', 'exec', target, '--', ...command])}`
    return await runAttached(connection, line, words.length === 0 ? terminalType : undefined)
  } finally {
    connection.close()
  }
}

async function runAttached(connection: Connection, line: string, terminalType: string | undefined): Promise<number> {
  const terminal: Terminal | undefined =
    terminalType === undefined ? undefined : { type: terminalType, ...windowSize() }
  const cleanUp: (() => void)[] = []
  if (terminal) {
    process.stdin.setRawMode(true)
    cleanUp.push(() => process.stdin.setRawMode(false))
  }
  try {
    return await connection.run(
      line,
      {
        stdout: process.stdout,
        stderr: process.stderr,
        stdin: process.stdin,
        onRunning: command => {
          for (const name of FORWARDED) {
            const forward = () => command.signal(name.replace(/^SIG/, ''))
            process.on(name, forward)
            cleanUp.push(() => process.off(name, forward))
          }
          process.stdout.once('error', command.hangUp)
          const resize = () => command.resize(windowSize().rows, windowSize().columns)
          if (terminal) process.stdout.on('resize', resize)
          cleanUp.push(() => process.stdout.off('resize', resize))
        },
      },
      undefined,
      terminal,
    )
  } finally {
    for (const undo of cleanUp) undo()
    // Otherwise an open terminal or pipe keeps this program waiting for input that nobody reads.
    process.stdin.unpipe()
    process.stdin.destroy()
  }
}

const windowSize = () => ({ rows: process.stdout.rows ?? 24, columns: process.stdout.columns ?? 80 })
