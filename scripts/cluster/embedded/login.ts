import fs from 'node:fs'
import path from 'node:path'
import { Connection } from '../../node/connection.ts'
import type { Node } from '../../node/node.ts'
import type { NodeRecord } from './registry.ts'

/** The private key of a cluster's login, a file of its directory. */
const KEY_FILE = 'id_ed25519'

export function storeKey(clusterDirectory: string, privateKey: string): void {
  fs.writeFileSync(path.join(clusterDirectory, KEY_FILE), privateKey, { mode: 0o600 })
}

/**
 * Logs in on a VM with the cluster's key; the VM must show the cluster's host key.
 * @param hostKey the public key blob in base64
 * @throws Failure (exit 4)
 */
export async function logIn(
  clusterDirectory: string,
  record: NodeRecord,
  hostKey: string,
  signal?: AbortSignal,
): Promise<Node> {
  const login = {
    name: record.name,
    host: '127.0.0.1',
    port: record.port,
    user: 'root',
    privateKey: fs.readFileSync(path.join(clusterDirectory, KEY_FILE), 'utf8'),
    hostKey,
  }
  const connection = await Connection.open(login, signal ? { signal } : {})
  return { name: record.name, number: record.number, role: record.role, connection }
}
