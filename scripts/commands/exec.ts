import process from 'node:process'
import { logIn } from '../cluster/embedded/login.ts'
import { requireCluster } from '../cluster/embedded/registry.ts'
import { usageFailure } from '../errors/failure.ts'
import type { Connection, Terminal } from '../node/connection.ts'
import { quote } from '../node/quote.ts'
import type { Directories } from '../settings/settings.ts'

/** Signals that reach the command in the VM and not this program. */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

/**
 * `exec`: runs a command in a VM or POD of a running cluster, with its streams, signals and exit code; without a
 * command, a shell.
 * @param target `vm-002`, or a POD `vm-002-ns03`
 * @param words the command; none for a shell
 * @param terminalType what $TERM says
 * @throws Failure NO_CLUSTER (exit 3), NO_SUCH_NODE or NO_COMMAND (exit 2)
 */
export async function execInCluster(
  { state }: Directories,
  clusterName: string,
  target: string,
  words: readonly string[],
  terminalType: string,
): Promise<number> {
  const { directory, record } = requireCluster(state, clusterName)
  // A POD's name begins with its VM's, with whatever $NAME_PREFIX put in front.
  const vm = /vm-\d{3}/.exec(target)?.[0]
  const node = record.nodes.find(({ name }) => name === vm)
  if (!node) {
    throw usageFailure('NO_SUCH_NODE', `'${target}' is no VM or POD of cluster '${clusterName}'`, {
      hint: `VMs are ${record.nodes.map(({ name }) => name).join(' ')}, PODs are called like vm-001-ns01`,
    })
  }
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true
  if (words.length === 0 && !isTerminal) {
    throw usageFailure('NO_COMMAND', `exec ${target}: a command is needed where there is no terminal for a shell`)
  }
  const command = words.length === 0 ? ['/bin/sh', '-l'] : words
  // Without `exec` the login shell would stay in between, and signals would reach it instead of the command.
  const line = `exec ${quote(target === node.name ? command : ['netns_test', 'exec', target, '--', ...command])}`
  const { connection } = await logIn(directory, node, record.hostKey)
  try {
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
