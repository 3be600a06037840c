import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'

/** Identifies the host or container of a cluster's processes: pids are meaningless elsewhere. */
export interface HostRecord {
  readonly name: string
  /** Hexadecimal; differs between hosts and containers that share a home directory. */
  readonly key: string
}

let cached: HostRecord | undefined

/** This host, or the container in which the program runs. */
export function thisHost(): HostRecord {
  cached ??= {
    name: os.hostname(),
    key: createHash('sha256')
      .update([os.hostname(), machineId(), processNamespace()].join('|'))
      .digest('hex')
      .slice(0, 8),
  }
  return cached
}

export function machineId(): string {
  try {
    return fs.readFileSync('/etc/machine-id', 'utf8').trim()
  } catch {
    return '' // missing in some containers; the host name must do
  }
}

/** Differs between containers; the same on all hosts outside of them. */
function processNamespace(): string {
  try {
    return fs.readlinkSync('/proc/self/ns/pid')
  } catch {
    return '' // not readable in some sandboxes
  }
}
