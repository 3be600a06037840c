import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure } from '../../errors/failure.ts'
import { replaceFile } from '../../host/replace-file.ts'
import type { NodePlan } from '../../settings/nodes.ts'
import type { CommonIdentity } from '../own/identity.ts'
import type { GuestImage } from './image/cache.ts'
import type { MachineParts } from './machine.ts'

/** What a node needs to join a cluster that runs: what the others were started with. */
export interface Joining {
  readonly parts: MachineParts
  readonly image: GuestImage
  readonly identity: CommonIdentity
  /** Sizes of the ovls' disks in bytes. */
  readonly slots: readonly number[]
  /** Of the nodes that are there. */
  readonly plans: readonly NodePlan[]
}

const FILE = 'joining.json'

/** Keeps it in the cluster's directory, which is its user's alone: the host key is in it. */
export function storeJoining(clusterDirectory: string, joining: Joining): void {
  replaceFile(path.join(clusterDirectory, FILE), JSON.stringify(joining))
}

/** @throws Failure NO_CLUSTER (exit 3) where there is none that can be read */
export function readJoining(clusterDirectory: string): Joining {
  try {
    return JSON.parse(fs.readFileSync(path.join(clusterDirectory, FILE), 'utf8')) as Joining
  } catch (cause) {
    throw environmentFailure('NO_CLUSTER', `${clusterDirectory} does not say what its nodes were started with`, {
      cause,
    })
  }
}
