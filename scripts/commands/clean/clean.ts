import path from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline/promises'
import { GRACE_MS, remove } from '../../cache/clean.ts'
import { type CachedDirectory, listCache } from '../../cache/contents.ts'
import { namesInUse } from '../../cache/in-use.ts'
import { KINDS } from '../../cluster/kinds.ts'
import { usageFailure } from '../../errors/failure.ts'
import type { Environment } from '../../host/environment.ts'
import { ifUnlocked } from '../../host/lock.ts'
import { alignColumns } from '../../reporters/columns.ts'
import { readDirectories } from '../../settings/settings.ts'

/** Options of `clean`. */
export interface CleanOptions {
  readonly yes: boolean
  readonly dryRun: boolean
  readonly shared: boolean
}

/** A result of KVM's probe, which `setup` repeats. */
const PROBE = 'kvm.json'

/**
 * `clean`: removes images, templates, ovls and plugins from the cache, unless they are in use. Asks first at a
 * terminal. The list is on stdout, everything else on stderr.
 * @throws Failure BAD_VALUE (exit 2) without a terminal and `--yes`, STATE_NOT_READABLE (exit 3), CACHE_NOT_WRITABLE
 *   (exit 4)
 */
export async function cleanCache(options: CleanOptions, environment: Environment, signal: AbortSignal): Promise<void> {
  const { cache } = readDirectories(environment)
  if (!options.yes && !options.dryRun) requireTerminal()
  const onLine = (line: string) => void process.stderr.write(`${line}\n`)
  const { removable, retained } = await select(listCache(cache), options, environment)
  for (const [reason, names] of retained) onLine(`retained, ${reason}: ${names.join(', ')}`)
  if (removable.length === 0) return onLine(`${cache}: nothing to remove`)
  process.stdout.write(tableOf(removable))
  if (options.dryRun) return
  if (!options.yes && !(await isConfirmed(`remove them from ${cache}? [y/N] `, signal)))
    return onLine('nothing was removed')
  const removed = await removeAll(removable)
  remove(path.join(cache, PROBE))
  onLine(`removed ${removed.length} of ${removable.length} entries, ${mebibytes(removed)}`)
}

interface Selection {
  readonly removable: readonly CachedDirectory[]
  /** Names of the others, by reason. */
  readonly retained: ReadonlyMap<string, readonly string[]>
}

async function select(
  all: readonly CachedDirectory[],
  { shared }: CleanOptions,
  environment: Environment,
): Promise<Selection> {
  const kinds = await Promise.all(KINDS.map(kind => kind.load()))
  const clusters = (await Promise.all(kinds.map(kind => kind.list(environment)))).flat()
  const isRunning = clusters.some(({ condition }) => condition === 'in use')
  const used = namesInUse(all.map(({ name }) => name))
  const now = Date.now()
  const reasonFor = ({ name, lastUse, isUsedElsewhere }: CachedDirectory): string | undefined => {
    if (used.has(name)) return 'in use'
    // A run opens an entry some time after it has found it.
    if (isRunning && lastUse > now - GRACE_MS) return 'used recently, while a run is under way'
    return isUsedElsewhere && !shared ? 'used by another host (--shared)' : undefined
  }
  const retained = new Map<string, string[]>()
  const removable = all.filter(each => {
    const reason = reasonFor(each)
    if (reason !== undefined) retained.set(reason, [...(retained.get(reason) ?? []), each.name])
    return reason === undefined
  })
  return { removable, retained }
}

/** A line for each kind, and one for the sum. */
function tableOf(entries: readonly CachedDirectory[]): string {
  const kinds = [...new Set(entries.map(({ kind }) => kind))].sort()
  const row = (kind: string, some: readonly CachedDirectory[]) => [kind, String(some.length), mebibytes(some)]
  return alignColumns([
    ['KIND', 'ENTRIES', 'SIZE'],
    ...kinds.map(kind =>
      row(
        kind,
        entries.filter(each => each.kind === kind),
      ),
    ),
    row('all', entries),
  ])
}

const mebibytes = (entries: readonly CachedDirectory[]): string =>
  `${Math.round(entries.reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 20)} MiB`

/** @throws Failure BAD_VALUE (exit 2) where nobody can answer */
function requireTerminal(): void {
  if (process.stdin.isTTY && process.stderr.isTTY) return
  throw usageFailure('BAD_VALUE', 'clean asks before it removes anything, and there is no terminal', {
    hint: '--yes removes without asking, --dry-run only lists',
  })
}

async function isConfirmed(question: string, signal: AbortSignal): Promise<boolean> {
  const { stdin, stderr } = process
  // No terminal mode: Ctrl-C must reach this process as a signal.
  const lines = createInterface({ input: stdin, output: stderr, terminal: false })
  try {
    const closed = new Promise<string>(resolve => lines.once('close', () => resolve('')))
    return /^y(es)?$/i.test((await Promise.race([lines.question(question, { signal }), closed])).trim())
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    lines.close()
  }
}

/** Removes entries that no run builds now. */
async function removeAll(entries: readonly CachedDirectory[]): Promise<readonly CachedDirectory[]> {
  const removed: CachedDirectory[] = []
  for (const entry of entries) {
    await ifUnlocked(entry.lock, lock => {
      for (const place of [entry.place, lock]) remove(place)
      removed.push(entry)
    })
  }
  return removed
}
