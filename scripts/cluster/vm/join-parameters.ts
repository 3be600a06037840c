import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure } from '../../errors/failure.ts'
import { replaceFile } from '../../host/replace-file.ts'
import type { NodePlan } from '../../settings/nodes.ts'
import type { CommonIdentity } from '../own/identity.ts'
import type { GuestImage } from './image/cache.ts'
import type { MachineParts } from './machine.ts'

/** The parameters with which a running cluster was started; nodes that join it need the same ones. */
export interface JoinParameters {
  readonly parts: MachineParts
  readonly image: GuestImage
  readonly identity: CommonIdentity
  /** Sizes of the ovl disks in bytes. */
  readonly slots: readonly number[]
  /** Plans of the running nodes. */
  readonly plans: readonly NodePlan[]
}

const FILE = 'joining.json'

/** Stores the parameters, which include the host key, in the cluster's directory: only its user can read that. */
export function storeJoinParameters(clusterDirectory: string, parameters: JoinParameters): void {
  replaceFile(path.join(clusterDirectory, FILE), JSON.stringify(parameters))
}

/** @throws Failure NO_CLUSTER (exit 3) when the file is missing or invalid */
export function readJoinParameters(clusterDirectory: string): JoinParameters {
  try {
    return JSON.parse(fs.readFileSync(path.join(clusterDirectory, FILE), 'utf8')) as JoinParameters
  } catch (cause) {
    throw environmentFailure('NO_CLUSTER', `${clusterDirectory}: ${FILE} is missing or invalid, so no node can join`, {
      cause,
    })
  }
}
