import fs from 'node:fs'
import path from 'node:path'
import { type Failure, infrastructureFailure } from '../../errors/failure.ts'
import { isThisProcess, type ProcessId } from '../../host/processes.ts'
import { replaceFile } from '../../host/replace-file.ts'
import type { HostRecord } from '../../host/this-host.ts'
import type { Role } from '../../settings/nodes.ts'

export interface NodeRecord {
  readonly name: string
  readonly number: number
  readonly role: Role
  /** The ssh port of a VM, on 127.0.0.1. Nodes of namespaces have a socket in the cluster's directory instead. */
  readonly port?: number
}

/** The content of `cluster.json` in a cluster's directory. */
export interface ClusterRecord {
  readonly name: string
  readonly host: HostRecord
  readonly bootId: string
  /** The process that runs tests on it. */
  readonly owner: ProcessId
  /** Left running on purpose. */
  readonly kept: boolean
  /** ISO 8601 */
  readonly created: string
  /** Empty until all nodes are up. */
  readonly nodes: readonly NodeRecord[]
  /** The nodes' public host key: a blob of RFC 4253, in base64. */
  readonly hostKey: string
  /** Missing for VMs. */
  readonly kind?: 'namespaces'
}

const RECORD = 'cluster.json'

/** Updates the record of a cluster that this process owns. */
export function updateRecord(directory: string, change: Partial<ClusterRecord>): void {
  const record = readRecord(directory)
  if (!record) throw damaged(path.join(directory, RECORD))
  writeRecord(directory, { ...record, ...change })
}

/** Whether this process still owns a cluster: another one may have stopped or replaced it. */
export function isOwn(directory: string): boolean {
  const record = readRecord(directory)
  return record !== undefined && isThisProcess(record.owner)
}

/**
 * @throws Failure CLUSTER_DAMAGED (exit 4) when this process no longer owns the cluster, or its record cannot be read
 */
export function requireOwnCluster(directory: string): void {
  if (!isOwn(directory)) throw damaged(path.join(directory, RECORD))
}

/** @param file one of a cluster's files */
export const damaged = (file: string, cause?: unknown): Failure =>
  infrastructureFailure('CLUSTER_DAMAGED', `${file} is gone, damaged or another run's`, {
    cause,
    hint: 'do not change it while a cluster runs; netns.ts stop --all stops leftover processes',
  })

/** The record in a cluster's directory; undefined when it is missing or damaged. */
export function readRecord(directory: string): ClusterRecord | undefined {
  try {
    const record = JSON.parse(fs.readFileSync(path.join(directory, RECORD), 'utf8'))
    return isRecord(record) ? record : undefined
  } catch {
    return undefined // its owner died before it was written, or it is damaged
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

/** Writes the record of a cluster atomically. */
export function writeRecord(directory: string, record: ClusterRecord): void {
  replaceFile(path.join(directory, RECORD), `${JSON.stringify(record, undefined, 2)}\n`)
}
