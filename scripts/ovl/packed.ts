import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { ensureEntry, entryDirectory, keyOf } from '../cache/cached.ts'
import { stampOf } from '../cache/manifest.ts'
import { Failure } from '../errors/failure.ts'
import { entryNames, tryStat } from '../host/files.ts'
import type { Packing } from '../settings/packing.ts'
import { archiveBlocks } from './archive-stream.ts'
import { collectMembers, findParts, type Part, requireParts } from './collect.ts'
import { DEFAULT_TREE } from './default-tree.ts'
import { arrange, type Content, contentOf, type Member } from './member.ts'
import { CONNECTIONS } from './own-tree.ts'
import { RND_ADDRESSES, rndAddresses } from './rnd-addresses.ts'

/** A packed ovl, which can be written any number of times. */
export interface PackedOvl {
  /** Cache key in hexadecimal, independent of the random addresses; undefined when the ovl is not cached. */
  readonly key: string | undefined
  /** SHA-256 of the archive with the random addresses of seed 0: independent of the run's seed. */
  digest(): string
  readonly parts: readonly { readonly name: string; readonly version: string; readonly place: string }[]
  /** Iterates over the archive with the random addresses of the packing's seed. */
  blocks(): Iterable<Buffer>
}

interface CachedOvl {
  readonly notices: readonly string[]
  /** Where the content of the random addresses begins. */
  readonly addressesAt: number
}

const ARCHIVE = 'ovl.tar'
const CHUNK_BYTES = 1 << 20

/**
 * Packs the ovl, or reuses a cached archive of the same sources. Archives and directories of plugins are compared by
 * size and times, this repository's own tree by content. Random addresses are not cached: each run inserts its own.
 * @param cacheDirectory undefined to disable caching
 * @param onNotice gets the seed, and a line for each part, packed or missing
 * @throws Failure of the sources; MISSING_PART (exit 3) when a required part was not found; the signal's reason
 */
export async function packOvl(
  packing: Packing,
  cacheDirectory: string | undefined,
  onNotice: (line: string) => void,
  signal?: AbortSignal,
): Promise<PackedOvl> {
  const parts = findParts(packing, signal)
  requireParts(parts, packing)
  onNotice(`random addresses: seed ${packing.seed}`)
  const found = parts.flatMap(({ name, source }) => (source ? [{ name, ...source }] : []))
  const collect = (notice: (line: string) => void) => collectMembers(parts, notice)
  // A missing home directory is not created for a cache.
  if (cacheDirectory === undefined || !tryStat(path.resolve(cacheDirectory, '../..')))
    return uncached(await collect(onNotice), packing, found)
  const entry = {
    cacheDirectory,
    kind: 'ovl',
    key: keyOf({ time: packing.time, architecture: packing.architecture, parts: parts.map(stampsOf) }, [
      DEFAULT_TREE,
      CONNECTIONS,
      import.meta.dirname,
    ]),
    files: [ARCHIVE],
    maxEntries: MAX_ENTRIES,
    graceMs: GRACE_MS,
    onProgress: () => {},
  }
  let members: readonly Member[] | undefined
  const make = async (directory: string): Promise<CachedOvl> => {
    const notices: string[] = []
    members = await collect(line => notices.push(line))
    signal?.throwIfAborted()
    return { notices, addressesAt: write(withAddresses(members, 0), packing, path.join(directory, ARCHIVE)) }
  }
  try {
    const { notices, addressesAt, files } = await ensureEntry({ ...entry, build: make, signal })
    notices.forEach(onNotice)
    const file = path.join(entryDirectory(entry), ARCHIVE)
    const digest = () => files[ARCHIVE]?.sha256 ?? ''
    return {
      key: entry.key,
      digest,
      parts: found,
      blocks: () => overwritten(file, addressesAt, contentOf(rndAddresses(packing.seed))),
    }
  } catch (error) {
    // The cache is an optimization: work without it.
    if (!(error instanceof Failure && CACHE_FAILURES.includes(error.code))) throw error
    return uncached(members ?? (await collect(onNotice)), packing, found)
  }
}

/** Number of cached archives; older ones are deleted. */
const MAX_ENTRIES = 8
/** Protects an entry from deletion until its archive is opened. */
const GRACE_MS = 30_000

const CACHE_FAILURES: readonly string[] = ['CACHE_NOT_WRITABLE', 'NO_SPACE', 'NO_LOCK']

function uncached(members: readonly Member[], { time, seed }: Packing, parts: PackedOvl['parts']): PackedOvl {
  const blocksOf = (anySeed: number) => archiveBlocks(withAddresses(members, anySeed), time)
  const digest = () => {
    const hash = createHash('sha256')
    for (const block of blocksOf(0)) hash.update(block)
    return hash.digest('hex')
  }
  return { key: undefined, digest, parts, blocks: () => blocksOf(seed) }
}

const withAddresses = (members: readonly Member[], seed: number): readonly Member[] =>
  arrange([...members, rndAddresses(seed)])

/** Identifies the content of a part without reading it. */
function stampsOf({ name, source }: Part): unknown {
  if (!source) return name
  const { place, isArchive } = source
  const files =
    isArchive || !tryStat(place)?.isDirectory() ? [place] : entryNames(place).map(file => path.join(place, file))
  return { name, ...source, files: files.map(file => [file, tryStat(file) && stampOf(file)]) }
}

/** @returns where the content of the random addresses begins */
function write(members: readonly Member[], { time }: Packing, file: string): number {
  const addresses = members.find(({ path: name }) => name === RND_ADDRESSES) as Member
  const [first] = contentOf(addresses)
  const output = fs.openSync(file, 'wx')
  let [position, addressesAt] = [0, -1]
  try {
    for (const block of archiveBlocks(members, time)) {
      if (block === first) addressesAt = position
      fs.writeFileSync(output, block)
      position += block.length
    }
  } finally {
    fs.closeSync(output)
  }
  return addressesAt
}

/** Iterates over a file with part of its content replaced by other bytes. */
function* overwritten(file: string, offset: number, content: Content): Generator<Buffer> {
  const replacement = Buffer.concat(content)
  const input = fs.openSync(file, 'r')
  try {
    for (let position = 0; ; ) {
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
      const length = fs.readSync(input, buffer, 0, CHUNK_BYTES, position)
      if (length === 0) return
      const chunk = buffer.subarray(0, length)
      const begin = Math.max(offset, position)
      const end = Math.min(offset + replacement.length, position + length)
      if (begin < end) replacement.copy(chunk, begin - position, begin - offset, end - offset)
      yield chunk
      position += length
    }
  } finally {
    fs.closeSync(input)
  }
}
