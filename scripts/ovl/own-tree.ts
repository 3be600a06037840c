import fs from 'node:fs'
import path from 'node:path'
import { infrastructureFailure } from '../errors/failure.ts'
import { DEFAULT_TREE, readTree } from './default-tree.ts'
import type { Member } from './member.ts'

/** Folders of the tests, each with an optional `steps` folder for the VMs. */
export const CONNECTIONS = path.resolve(import.meta.dirname, '../connections')

/** Where `netns_test` finds steps. */
export const STEPS = 'usr/lib/netns/steps'

/** This repository's members of the ovl: its tree, and the steps of all tests. */
export const readOwnTree = (top: string = DEFAULT_TREE, connections: string = CONNECTIONS): readonly Member[] => [
  ...readTree(top),
  ...readSteps(top, connections),
]

/** @throws Failure STEP_TWICE (exit 4) when two files define the same step */
function readSteps(top: string, connections: string): readonly Member[] {
  const owners = new Map<string, string>()
  const shared = path.join(top, STEPS)
  if (fs.existsSync(shared)) for (const file of fs.readdirSync(shared)) owners.set(file, shared)
  const members: Member[] = []
  for (const name of fs.readdirSync(connections).sort()) {
    const directory = path.join(connections, name, 'steps')
    if (!fs.existsSync(directory)) continue
    for (const member of readTree(directory)) {
      const other = owners.get(member.path)
      if (other !== undefined)
        throw infrastructureFailure('STEP_TWICE', `${member.path} is in ${other} and in ${directory}`)
      owners.set(member.path, directory)
      members.push({ ...member, path: path.posix.join(STEPS, member.path) })
    }
  }
  return members
}
