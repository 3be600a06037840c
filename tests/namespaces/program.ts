import fs from 'node:fs'
import path from 'node:path'
import type { ExecutionContext } from 'ava'
import { type Program, program as programOf } from '../vm/program.ts'

export { type Program, processesIn, type Running, until } from '../vm/program.ts'

/** The program on clusters of namespaces, or of the kind in $KIND: what passes on both is run on both by test:long. */
export function program(t: ExecutionContext): Program {
  const all = programOf(t)
  const kind = { XCLUSTER_NETNS_CLUSTER: process.env.KIND ?? 'namespaces' }
  return {
    ...all,
    start: (words, environment = {}) => all.start(words, { ...kind, ...environment }),
    runWith: (environment, ...words) => all.runWith({ ...kind, ...environment }, ...words),
    run: (...words) => all.runWith(kind, ...words),
    startOnTerminal: (words, environment = {}) => all.startOnTerminal(words, { ...kind, ...environment }),
  }
}

/** The directory of a cluster. */
export const clusterIn = (state: string, name = 'default'): string => path.join(state, 'xcluster-netns/clusters', name)

/** The number on the host of a process of a cluster: `vm-001`, `world`. */
export const processOf = (state: string, name: string): number =>
  Number.parseInt(fs.readFileSync(path.join(clusterIn(state), `${name}.pid`), 'utf8'), 10)

/** An ovl `./<name>` with files, as a user of the program would write one. */
export function writeOvl(state: string, name: string, files: Readonly<Record<string, string>>): void {
  const ovl = path.join(state, name)
  for (const [file, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(ovl, 'root', file)), { recursive: true })
    fs.writeFileSync(path.join(ovl, 'root', file), text, { mode: 0o755 })
  }
  fs.writeFileSync(path.join(ovl, 'tar'), '#!/bin/sh\nexec tar cf "$1" -C "$(dirname "$0")/root" .\n', { mode: 0o755 })
}
