import path from 'node:path'
import { entryNames } from '../host/files.ts'
import { DEFAULT_TREE } from './default-tree.ts'
import { CONNECTIONS, STEPS } from './own-tree.ts'

/** The steps of `netns_test` in this program's ovl, sorted. Other ovls can add more. */
export function stepNames(): readonly string[] {
  const ofConnections = entryNames(CONNECTIONS).map(name => path.join(CONNECTIONS, name, 'steps'))
  return [path.join(DEFAULT_TREE, STEPS), ...ofConnections]
    .flatMap(entryNames)
    .filter(name => name.endsWith('.sh'))
    .map(name => path.parse(name).name)
    .sort()
}
