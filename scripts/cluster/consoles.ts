import path from 'node:path'
import process from 'node:process'
import type { Consoles } from '../consoles/follow.ts'
import { environmentFailure } from '../errors/failure.ts'
import type { Connection } from '../node/connection.ts'
import { lookAt } from '../ovl/places.ts'
import { readClusterKind, readDirectories } from '../settings/settings.ts'
import type { Environment } from '../settings/sources.ts'
import { readRunningName } from './running-name.ts'
import { settle } from './settle.ts'
import { logIn } from './vm/login.ts'
import { consoleFile } from './vm/machine.ts'
import { requireCluster } from './vm/registry.ts'
import { logInByName, nodeOfConsole, screenDirectory } from './xcluster/login.ts'
import { xclusterDirectory } from './xcluster/record.ts'

/** The consoles of a cluster, and how it is noticed that a VM is gone. */
export interface ClusterConsoles extends Consoles {
  /**
   * Logs in on a VM.
   * @returns undefined for one that is not up yet
   * @throws Failure (exit 4) when nothing answers
   */
  logIn(node: string): Promise<Connection | undefined>
  /** Where those who use the cluster are recorded. */
  readonly usersDirectory: string
}

/**
 * Finds the files on which the VMs of a cluster write their consoles.
 * @param options under their variables' names: which cluster
 * @throws Failure NO_CLUSTER (exit 3), and of the settings
 */
export async function findConsoles(
  options: Environment,
  environment: Environment,
  signal: AbortSignal,
): Promise<ClusterConsoles> {
  if (readClusterKind(options, environment) === 'embedded') return consolesOfOurs(options, environment)
  const onLine = (line: string) => process.stderr.write(`${line}\n`)
  const { xcluster } = await settle({ options, environment, test: {}, onLine, signal })
  const directory = screenDirectory(xcluster?.tmp ?? '')
  const usersDirectory = xclusterDirectory(readDirectories(environment).state)
  if (lookAt(directory)) return { directory, nodeOf: nodeOfConsole, logIn: logInByName, usersDirectory }
  throw environmentFailure('NO_CLUSTER', `xcluster has no consoles in ${directory}`, {
    hint: 'with --xterm, or before a cluster was started, there are none',
  })
}

function consolesOfOurs(options: Environment, environment: Environment): ClusterConsoles {
  const { state } = readDirectories(environment)
  const name = readRunningName(options, environment)
  const { directory } = requireCluster(state, name)
  return {
    directory,
    usersDirectory: directory,
    nodeOf: file => {
      const node = path.parse(file).name
      return file === consoleFile(node) ? node : undefined
    },
    logIn: async node => {
      const { record } = requireCluster(state, name)
      const found = record.nodes.find(candidate => candidate.name === node)
      return found && (await logIn(directory, found, record.hostKey)).connection
    },
  }
}
