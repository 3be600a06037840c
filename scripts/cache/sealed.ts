import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'

/** How a file was when its digest was taken: as long as this is the same, so is the content. */
interface Seal {
  readonly sha256: string
  readonly size: string
  readonly mtimeNs: string
  readonly ctimeNs: string
  readonly inode: string
}

/** What stands in a directory of the cache beside its files: what they are, and their seals. */
export type Sealed<Facts> = Facts & { readonly files: Readonly<Record<string, Seal>> }

const MANIFEST = 'manifest.json'

/** Seals files of a directory. Comes last: a directory without a manifest does not count. */
export async function seal<Facts>(directory: string, names: readonly string[], facts: Facts): Promise<Sealed<Facts>> {
  const files: Record<string, Seal> = {}
  for (const name of names) {
    const file = path.join(directory, name)
    files[name] = { sha256: await digestOf(file), ...stampOf(file) }
  }
  const sealed = { ...facts, files }
  fs.writeFileSync(path.join(directory, MANIFEST), `${JSON.stringify(sealed, undefined, 2)}\n`)
  return sealed
}

/**
 * Reads a manifest and holds the directory's files against it: by their stamps, and by their content where those differ, as they
 * do in a copy of the cache.
 * @throws Error that says what is wrong
 */
export async function readSealed<Facts>(directory: string, names: readonly string[]): Promise<Sealed<Facts>> {
  const sealed = JSON.parse(fs.readFileSync(path.join(directory, MANIFEST), 'utf8')) as Sealed<Facts>
  for (const name of names) {
    const known = sealed.files[name]
    if (!known) throw new Error(`${MANIFEST} does not know ${name}`)
    const file = path.join(directory, name)
    if (!isUntouched(file, known) && (await digestOf(file)) !== known.sha256)
      throw new Error(`${name} is not what it was when it was made`)
  }
  return sealed
}

/** Names the content of sealed files: two of the same name have the same bytes. */
export const contentDigest = ({ files }: Sealed<unknown>, names: readonly string[]): string =>
  createHash('sha256')
    .update(names.map(name => `${name} ${files[name]?.sha256}\n`).join(''))
    .digest('hex')

/** How a file is: while this is the same, so is its content. */
export function stampOf(file: string): Omit<Seal, 'sha256'> {
  const { size, mtimeNs, ctimeNs, ino } = fs.statSync(file, { bigint: true })
  return { size: String(size), mtimeNs: String(mtimeNs), ctimeNs: String(ctimeNs), inode: String(ino) }
}

/** Nobody can set the time of a file's last change of status: with it and the rest unchanged the content is. */
function isUntouched(file: string, { sha256: _, ...sealed }: Seal): boolean {
  return JSON.stringify(stampOf(file)) === JSON.stringify(sealed)
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(fs.createReadStream(file, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}
