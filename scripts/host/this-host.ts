import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'

/** Where the processes of a cluster are: their numbers mean nothing on another host, or in another container. */
export interface HostRecord {
  /** For messages. */
  readonly name: string
  /** Tells hosts and containers apart that share a home, in hexadecimal. */
  readonly key: string
}

let known: HostRecord | undefined

/** This host, or this container of it. */
export function thisHost(): HostRecord {
  known ??= {
    name: os.hostname(),
    key: createHash('sha256')
      .update([os.hostname(), machineId(), processNamespace()].join('|'))
      .digest('hex')
      .slice(0, 8),
  }
  return known
}

export function machineId(): string {
  try {
    return fs.readFileSync('/etc/machine-id', 'utf8').trim()
  } catch {
    return '' // containers may have none: the host's name has to do
  }
}

/** The same on every host for processes outside of containers. */
function processNamespace(): string {
  try {
    return fs.readlinkSync('/proc/self/ns/pid')
  } catch {
    return '' // not to be read in some sandboxes
  }
}
