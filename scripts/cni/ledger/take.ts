import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { infrastructureFailure } from '../../errors/failure.ts'
import { shellScript } from '../../host/shell-script.ts'
import { shortText } from '../../host/text.ts'
import type { NodeShell } from '../runtime/shell.ts'
import type { Ledger } from './entry.ts'
import { entriesOf, omissionsOf, splitSections } from './read.ts'

const script = (name: string) => shellScript(path.join(import.meta.dirname, 'sh'), name)
const [NODE_SCRIPT, SPACE_SCRIPT] = [script('node.sh'), script('space.sh')]

/** Directories of plugins' state (IPAM, caches, configurations), and some where they should not write. */
const STATE_DIRECTORIES = ['/var/lib', '/run', '/etc', '/root', '/home', '/usr/local']

export interface LedgerOptions {
  /** More directories with files of plugins, such as the `dataDir` of a configuration. */
  readonly directories?: readonly string[]
}

/**
 * Reads the state of a node, or of a copy of its network, and of PODs on it.
 * @param pods names of network namespaces in /var/run/netns
 * @throws Failure BAD_LEDGER (exit 4) when the node's answer is malformed
 */
export async function takeLedger(
  shell: NodeShell,
  pods: readonly string[],
  options: LedgerOptions = {},
): Promise<Ledger> {
  const token = `ledger-${randomBytes(12).toString('hex')}`
  const directories = [...STATE_DIRECTORIES, ...(options.directories ?? [])].join(' ')
  const words = ['sh', '-c', NODE_SCRIPT, 'ledger', token, SPACE_SCRIPT, directories, ...pods]
  const { stdout, stderr } = await shell.run(words)
  try {
    return readLedger(shell.name, pods, stdout.toString(), token)
  } catch (cause) {
    const why = [shortText((cause as Error).message), shortText(stderr.toString())].filter(Boolean).join(': ')
    throw infrastructureFailure('BAD_LEDGER', `${shell.name}: cannot read its state: ${why}`, {
      node: shell.name,
      cause,
    })
  }
}

/**
 * Reads the output of node.sh.
 * @throws Error when it is malformed
 */
export function readLedger(node: string, pods: readonly string[], output: string, token: string): Ledger {
  const found = splitSections(output, token)
  const places = new Map<string, Ledger['places'] extends ReadonlyMap<string, infer T> ? T : never>()
  const omitted: string[] = []
  for (const place of ['.', ...pods]) {
    const sections = found.get(place)
    if (!sections) throw new Error(`it tells nothing of ${place === '.' ? node : place}`)
    const name = place === '.' ? node : place
    places.set(name, entriesOf(sections))
    omitted.push(...omissionsOf(name, sections))
  }
  return { node, places, omitted }
}
