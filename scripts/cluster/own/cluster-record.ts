import fs from 'node:fs'
import path from 'node:path'
import { infrastructureFailure } from '../../errors/failure.ts'
import { isThisProcess, type ProcessId } from '../../host/processes.ts'
import { replaceFile } from '../../host/replace-file.ts'
import type { HostRecord } from '../../host/this-host.ts'
import type { Role } from '../../settings/nodes.ts'

/** A node as other processes need to know it. */
export interface NodeRecord {
  readonly name: string
  readonly number: number
  readonly role: Role
  /** A VM's ssh listens there, on 127.0.0.1; that of a node of namespaces on a socket in the cluster's directory. */
  readonly port?: number
}

/** What is written down about a cluster, in `cluster.json` of its directory. */
export interface ClusterRecord {
  readonly name: string
  readonly host: HostRecord
  readonly bootId: string
  /** The process that runs tests on it. */
  readonly owner: ProcessId
  /** True when it was left running on purpose. */
  readonly kept: boolean
  /** ISO 8601 */
  readonly created: string
  /** Empty until all are up. */
  readonly nodes: readonly NodeRecord[]
  /** The nodes' host key: the public key blob of RFC 4253, in base64. */
  readonly hostKey: string
  /** The nodes are namespaces of this host; VMs when missing. */
  readonly kind?: 'namespaces'
}

const RECORD = 'cluster.json'

/** Writes down what changed about a cluster that this process owns. */
export function updateRecord(directory: string, change: Partial<ClusterRecord>): void {
  const record = readRecord(directory)
  if (!record) throw damaged(directory)
  writeRecord(directory, { ...record, ...change })
}

/** Whether a cluster still is this process's: somebody may have stopped or replaced it meanwhile. */
export function isOwn(directory: string): boolean {
  const record = readRecord(directory)
  return record !== undefined && isThisProcess(record.owner)
}

/**
 * @throws Failure CLUSTER_DAMAGED (exit 4) when this process no longer owns the cluster, or its record cannot be read
 */
export function requireOwnCluster(directory: string): void {
  if (!isOwn(directory)) throw damaged(directory)
}

const damaged = (directory: string) =>
  infrastructureFailure('CLUSTER_DAMAGED', `${path.join(directory, RECORD)} is gone, damaged or another run's`, {
    hint: 'it must be left alone while a cluster runs; netns.ts stop --all ends what is left',
  })

export function readRecord(directory: string): ClusterRecord | undefined {
  try {
    const record = JSON.parse(fs.readFileSync(path.join(directory, RECORD), 'utf8'))
    return isRecord(record) ? record : undefined
  } catch {
    return undefined // its owner died before the first one was written, or somebody damaged it: the condition says so
  }
}

function isRecord(value: unknown): value is ClusterRecord {
  const { name, bootId, owner, nodes, hostKey } = (value ?? {}) as Partial<ClusterRecord>
  const isText = [name, bootId, owner?.startTime, hostKey].every(text => typeof text === 'string')
  return isText && Number.isSafeInteger(owner?.pid) && Array.isArray(nodes) && nodes.every(isNode)
}

const isNode = (node: Partial<NodeRecord> | null) =>
  typeof node?.name === 'string' &&
  Number.isSafeInteger(node.number) &&
  (node.port === undefined || Number.isSafeInteger(node.port))

export function writeRecord(directory: string, record: ClusterRecord): void {
  replaceFile(path.join(directory, RECORD), `${JSON.stringify(record, undefined, 2)}\n`)
}
