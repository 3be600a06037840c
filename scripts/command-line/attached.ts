import process from 'node:process'
import type { Writable } from 'node:stream'
import { namespaceOf } from '../cluster/targets.ts'
import { withoutIgnored } from '../host/signals.ts'
import type { Connection } from '../ssh/connection.ts'
import type { Node } from '../ssh/node.ts'
import { quoteExec } from '../ssh/quote.ts'

/** Signals that reach the command in the VM and not this program, where they are not ignored. */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

/** A shell for a person, or for the commands on its input. */
const SHELL = ['/bin/sh', '-l']

/** What of this process a command in the VM gets. */
export interface Attachment {
  /** Where its output goes; this process's own streams when missing. */
  readonly stdout?: Writable
  readonly stderr?: Writable
  /** False: its input is empty, and ours is not read. */
  readonly stdin?: boolean
  /** The kind of the person's terminal: then the command gets one, too. */
  readonly terminalType?: string | undefined
}

/**
 * The command line that runs a command in a VM or in a POD of it.
 * @param target the VM's name, or that of a POD in it; of another network namespace as in `vm-001/red`
 */
export const commandLine = ({ name }: Pick<Node, 'name'>, target: string, words: readonly string[]): string =>
  quoteExec(target === name ? words : ['netns_test', 'exec', namespaceOf(name, target), '--', ...words])

/**
 * Runs a shell: with a terminal where both our input and output are one, else for the commands on our input, as ssh does.
 * @param terminalType what $TERM says
 * @returns the shell's exit code
 */
export async function runShell(node: Node, target: string, terminalType: string): Promise<number> {
  if (!hasTerminal()) return await runAttached(node.connection, commandLine(node, target, SHELL), {})
  // Who has several open sees by the prompt which is which.
  const line = commandLine(node, target, ['env', `PS1=${target}:\\w# `, ...SHELL])
  return await runAttached(node.connection, line, { terminalType })
}

/** Whether a person types and reads. */
export const hasTerminal = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true

/**
 * Runs a command that has this process's streams, signals and window; where nobody reads its output any more it ends.
 * @returns its exit code
 * @throws Failure (exit 4) when the VM is lost
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
      // Otherwise an open terminal or pipe keeps this program waiting for input that nobody reads.
      process.stdin.unpipe()
      process.stdin.destroy()
    }
  }
}

const windowSize = () => ({ rows: process.stdout.rows ?? 24, columns: process.stdout.columns ?? 80 })
