import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { ensureEntry, entryDirectory, keyOf } from '../cache/cached.ts'
import { stampOf } from '../cache/manifest.ts'
import { Failure } from '../errors/failure.ts'
import { lookAt, namesIn } from '../host/places.ts'
import type { Packing } from '../settings/packing.ts'
import { archiveBlocks } from './archive-stream.ts'
import { collectMembers, findParts, type Part, requireParts } from './collect.ts'
import { DEFAULT_TREE } from './default-tree.ts'
import { arrange, type Content, contentOf, type Member } from './member.ts'
import { CONNECTIONS } from './own-tree.ts'
import { RND_ADDRESSES, rndAddresses } from './rnd-addresses.ts'

/** The ovl, ready to be written as often as one likes. */
export interface PackedOvl {
  /** Names what is in it but for the random addresses, in hexadecimal; undefined when it is not kept. */
  readonly key: string | undefined
  /** SHA-256 of the archive as it is with the random addresses of seed 0: of what is in it, whatever the seed of the run. */
  digest(): string
  /** The parts that were found. */
  readonly parts: readonly { readonly name: string; readonly version: string; readonly place: string }[]
  /** The archive in pieces, each time from its beginning, with the random addresses of the packing's seed. */
  blocks(): Iterable<Buffer>
}

/** The archive of a {@link PackedOvl} that is kept, and where in it the random addresses are. */
interface Kept {
  readonly notices: readonly string[]
  readonly hole: number
}

const ARCHIVE = 'ovl.tar'
/** Pieces in which it is copied. */
const PIECE = 1 << 20

/**
 * Packs the ovl, or takes it as it was packed before from the same sources: archives and directories of plugins count as the same while
 * their sizes and times are, this repository's own tree by its content. Random addresses are not kept: they are of each run.
 * @param cacheDirectory where it is kept, if it can be; undefined where there is no place for it
 * @param onNotice gets the seed, and a line for each part that was taken, or is missing
 * @throws Failure of the sources; MISSING_PART (exit 3) when a required part is not there; the signal's reason
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
  // A home that is not there is not made for the sake of a cache.
  if (cacheDirectory === undefined || !lookAt(path.resolve(cacheDirectory, '../..')))
    return unkept(await collect(onNotice), packing, found)
  const entry = {
    cacheDirectory,
    kind: 'ovl',
    key: keyOf({ time: packing.time, parts: parts.map(stampsOf) }, [DEFAULT_TREE, CONNECTIONS, import.meta.dirname]),
    files: [ARCHIVE],
    maxEntries: MOST_KEPT,
    graceMs: GRACE_MS,
    onProgress: () => {},
  }
  let members: readonly Member[] | undefined
  const make = async (directory: string): Promise<Kept> => {
    const notices: string[] = []
    members = await collect(line => notices.push(line))
    signal?.throwIfAborted()
    return { notices, hole: writeWithHole(withAddresses(members, 0), packing, path.join(directory, ARCHIVE)) }
  }
  try {
    const { notices, hole, files } = await ensureEntry({ ...entry, make, signal })
    notices.forEach(onNotice)
    const file = path.join(entryDirectory(entry), ARCHIVE)
    const digest = () => files[ARCHIVE]?.sha256 ?? ''
    return {
      key: entry.key,
      digest,
      parts: found,
      blocks: () => filled(file, hole, contentOf(rndAddresses(packing.seed))),
    }
  } catch (error) {
    // A cache that cannot be had costs time, and nothing else.
    if (!(error instanceof Failure && CACHE_FAILURES.includes(error.code))) throw error
    return unkept(members ?? (await collect(onNotice)), packing, found)
  }
}

/** Archives of other sources that stay in the cache. */
const MOST_KEPT = 8
/** An archive is opened as soon as it is known. */
const GRACE_MS = 30_000

const CACHE_FAILURES: readonly string[] = ['CACHE_NOT_WRITABLE', 'NO_SPACE', 'NO_LOCK']

function unkept(members: readonly Member[], { time, seed }: Packing, parts: PackedOvl['parts']): PackedOvl {
  const blocksOf = (chosen: number) => archiveBlocks(withAddresses(members, chosen), time)
  const digest = () => {
    const hash = createHash('sha256')
    for (const block of blocksOf(0)) hash.update(block)
    return hash.digest('hex')
  }
  return { key: undefined, digest, parts, blocks: () => blocksOf(seed) }
}

const withAddresses = (members: readonly Member[], seed: number): readonly Member[] =>
  arrange([...members, rndAddresses(seed)])

/** What stands for the content of a part: the same stamps, the same bytes. */
function stampsOf({ name, source }: Part): unknown {
  if (!source) return name
  const { place, isArchive } = source
  const files =
    isArchive || !lookAt(place)?.isDirectory() ? [place] : namesIn(place).map(file => path.join(place, file))
  return { name, ...source, files: files.map(file => [file, lookAt(file) && stampOf(file)]) }
}

/** @returns where the content of the random addresses begins */
function writeWithHole(members: readonly Member[], { time }: Packing, file: string): number {
  const addresses = members.find(({ path: name }) => name === RND_ADDRESSES) as Member
  const [first] = contentOf(addresses)
  const output = fs.openSync(file, 'wx')
  let [position, hole] = [0, -1]
  try {
    for (const block of archiveBlocks(members, time)) {
      if (block === first) hole = position
      fs.writeFileSync(output, block)
      position += block.length
    }
  } finally {
    fs.closeSync(output)
  }
  return hole
}

/** The pieces of a file, with other content from a position on: as long as what was there. */
function* filled(file: string, hole: number, content: Content): Generator<Buffer> {
  const filling = Buffer.concat(content)
  const input = fs.openSync(file, 'r')
  try {
    for (let position = 0; ; ) {
      const buffer = Buffer.allocUnsafe(PIECE)
      const length = fs.readSync(input, buffer, 0, PIECE, position)
      if (length === 0) return
      const piece = buffer.subarray(0, length)
      const begin = Math.max(hole, position)
      const end = Math.min(hole + filling.length, position + length)
      if (begin < end) filling.copy(piece, begin - position, begin - hole, end - hole)
      yield piece
      position += length
    }
  } finally {
    fs.closeSync(input)
  }
}
