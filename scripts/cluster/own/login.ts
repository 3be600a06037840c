import fs from 'node:fs'
import path from 'node:path'
import { infrastructureFailure } from '../../errors/failure.ts'
import { Connection } from '../../ssh/connection.ts'
import type { Node } from '../../ssh/node.ts'
import { damaged, type NodeRecord } from './cluster-record.ts'
import { consoleTail } from './consoles.ts'
import { processNamed } from './find-clusters.ts'

const CONSOLE_LINES = 4

/** @throws Failure NODE_GONE (exit 4) with the last lines of its console when the node has ended */
function requireAlive(clusterDirectory: string, { name, port }: NodeRecord): void {
  if (processNamed(clusterDirectory, name)) return
  const lines = consoleTail(clusterDirectory, name, CONSOLE_LINES)
  const console = lines.length > 0 ? `last console lines:\n  ${lines.join('\n  ')}` : 'nothing is on its console'
  throw infrastructureFailure(
    'NODE_GONE',
    `${name} is gone: its ${port === undefined ? 'first process' : 'QEMU'} ended; ${console}`,
  )
}

const addressOf = (directory: string, { name, port }: NodeRecord) =>
  port === undefined ? { directory, socket: `${name}.sock` } : { host: '127.0.0.1', port }

/** The private key, in the cluster's directory. */
const KEY_FILE = 'id_ed25519'

/** Stores the private key with which commands log in on the cluster's nodes. */
export function storeKey(clusterDirectory: string, privateKey: string): void {
  fs.writeFileSync(path.join(clusterDirectory, KEY_FILE), privateKey, { mode: 0o600 })
}

function readKey(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (cause) {
    throw damaged(file, cause)
  }
}

/**
 * Logs in on a node with the cluster's key, and checks its host key.
 * @param hostKey the public key blob in base64
 * @throws Failure NODE_GONE when the node has ended, CLUSTER_DAMAGED without the key, and those of the connection (exit
 *   4)
 */
export async function logIn(
  clusterDirectory: string,
  record: NodeRecord,
  hostKey: string,
  signal?: AbortSignal,
): Promise<Node> {
  const login = {
    name: record.name,
    ...addressOf(clusterDirectory, record),
    user: 'root',
    privateKey: readKey(path.join(clusterDirectory, KEY_FILE)),
    hostKey,
  }
  requireAlive(clusterDirectory, record)
  const connection = await Connection.open(login, signal ? { signal } : {}).catch((error: unknown) => {
    requireAlive(clusterDirectory, record)
    throw error
  })
  return { name: record.name, number: record.number, role: record.role, connection }
}
