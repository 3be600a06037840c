import process from 'node:process'
import type { Writable } from 'node:stream'
import { namespaceOf } from '../cluster/targets.ts'
import { withoutIgnored } from '../host/signals.ts'
import type { Connection } from '../ssh/connection.ts'
import type { Node } from '../ssh/node.ts'
import { quoteExec } from '../ssh/quote.ts'

/** Signals that are forwarded to the command on the node, unless ignored. */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

const SHELL = ['/bin/sh', '-l']

/** How a command on a node is attached to this process. */
export interface Attachment {
  /** Its output; our own streams if missing. */
  readonly stdout?: Writable
  readonly stderr?: Writable
  /** False: it gets no input, and ours is not read. */
  readonly stdin?: boolean
  /** Type of the user's terminal: the command gets one, too. */
  readonly terminalType?: string | undefined
}

/**
 * The command line that runs a command on a node or in a POD.
 * @param target the name of the node, of a POD on it, or of another network namespace: `vm-001/red`
 */
export const commandLine = ({ name }: Pick<Node, 'name'>, target: string, words: readonly string[]): string =>
  quoteExec(target === name ? words : ['netns_test', 'exec', namespaceOf(name, target), '--', ...words])

/**
 * Runs a shell, like ssh: with a terminal if our input and output are one, otherwise for the commands on our input.
 * @param terminalType $TERM
 * @returns the shell's exit status
 */
export async function runShell(node: Node, target: string, terminalType: string): Promise<number> {
  if (!hasTerminal()) return await runAttached(node.connection, commandLine(node, target, SHELL), {})
  // The prompt tells several shells apart.
  const line = commandLine(node, target, ['env', `PS1=${target}:\\w# `, ...SHELL])
  return await runAttached(node.connection, line, { terminalType })
}

export const hasTerminal = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true

/**
 * Runs a command with this process's streams, signals and window size; it ends when our output is closed.
 * @returns its exit status
 * @throws Failure (exit 4) when the node is lost
 */
export async function runAttached(
  connection: Connection,
  line: string,
  { stdout = process.stdout, stderr = process.stderr, stdin = true, terminalType }: Attachment,
): Promise<number> {
  const terminal = terminalType === undefined ? undefined : { type: terminalType, ...windowSize() }
  const cleanUp: (() => void)[] = []
  if (terminal) {
    process.stdin.setRawMode(true)
    cleanUp.push(() => process.stdin.setRawMode(false))
  }
  try {
    return await connection.run(
      line,
      {
        stdout,
        stderr,
        ...(stdin && { stdin: process.stdin }),
        onRunning: command => {
          for (const name of withoutIgnored(FORWARDED)) {
            const forward = () => command.signal(name.replace(/^SIG/, ''))
            process.on(name, forward)
            cleanUp.push(() => process.off(name, forward))
          }
          stdout.once('error', command.hangUp)
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
    if (stdin) {
      // Otherwise an open terminal or pipe would keep this process alive.
      process.stdin.unpipe()
      process.stdin.destroy()
    }
  }
}

const windowSize = () => ({ rows: process.stdout.rows ?? 24, columns: process.stdout.columns ?? 80 })
