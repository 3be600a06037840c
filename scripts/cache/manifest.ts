import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'

/** Digest of a file, and the stat fields that prove the content unchanged without reading it. */
interface FileRecord {
  readonly sha256: string
  readonly size: string
  readonly mtimeNs: string
  readonly ctimeNs: string
  readonly inode: string
}

/** Facts about an entry of the cache, and a record of each of its files. */
export type Manifest<Facts> = Facts & { readonly files: Readonly<Record<string, FileRecord>> }

const MANIFEST = 'manifest.json'

/** Writes the manifest that makes an entry complete: without one it counts as missing. */
export async function writeManifest<Facts>(
  directory: string,
  names: readonly string[],
  facts: Facts,
): Promise<Manifest<Facts>> {
  const files: Record<string, FileRecord> = {}
  for (const name of names) {
    const file = path.join(directory, name)
    files[name] = { sha256: await digestOf(file), ...stampOf(file) }
  }
  const manifest = { ...facts, files }
  fs.writeFileSync(path.join(directory, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`)
  return manifest
}

/**
 * Reads a manifest and verifies the files: by their stamps, or by their content where stamps differ, as in a copied
 * cache.
 * @throws Error with the reason when a file is not as recorded
 */
export async function readManifest<Facts>(directory: string, names: readonly string[]): Promise<Manifest<Facts>> {
  const manifest = JSON.parse(fs.readFileSync(path.join(directory, MANIFEST), 'utf8')) as Manifest<Facts>
  for (const name of names) {
    const recorded = manifest.files[name]
    if (!recorded) throw new Error(`${MANIFEST} does not list ${name}`)
    const file = path.join(directory, name)
    if (!isUnchanged(file, recorded) && (await digestOf(file)) !== recorded.sha256)
      throw new Error(`the content of ${name} has changed`)
  }
  return manifest
}

/** A digest of some files of an entry, from the digests in its manifest. */
export const contentDigest = ({ files }: Manifest<unknown>, names: readonly string[]): string =>
  createHash('sha256')
    .update(names.map(name => `${name} ${files[name]?.sha256}\n`).join(''))
    .digest('hex')

/**
 * The stat fields of a file that change with its content.
 * @throws the system's error
 */
export function stampOf(file: string): Omit<FileRecord, 'sha256'> {
  const { size, mtimeNs, ctimeNs, ino } = fs.statSync(file, { bigint: true })
  return { size: String(size), mtimeNs: String(mtimeNs), ctimeNs: String(ctimeNs), inode: String(ino) }
}

/** Equal stamps suffice, because no user can set ctime. */
function isUnchanged(file: string, { sha256: _, ...stamp }: FileRecord): boolean {
  return JSON.stringify(stampOf(file)) === JSON.stringify(stamp)
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(fs.createReadStream(file, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}
