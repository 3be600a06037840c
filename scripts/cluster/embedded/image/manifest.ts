import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Built, IMAGE_FILES } from './build.ts'

/** How a file was when its digest was taken: as long as this is the same, so is the content. */
interface Seal {
  readonly sha256: string
  readonly size: string
  readonly mtimeNs: string
  readonly ctimeNs: string
  readonly inode: string
}

/** What an image is, beside it. */
export interface Manifest extends Built {
  readonly files: Readonly<Record<string, Seal>>
}

const MANIFEST = 'manifest.json'

/** Seals the files of an image. Comes last: an image without a manifest does not count. */
export async function writeManifest(directory: string, built: Built): Promise<Manifest> {
  const files: Record<string, Seal> = {}
  for (const name of Object.values(IMAGE_FILES)) {
    const file = path.join(directory, name)
    files[name] = { sha256: await digestOf(file), ...stampOf(file) }
  }
  const manifest: Manifest = { ...built, files }
  fs.writeFileSync(path.join(directory, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`)
  return manifest
}

/**
 * Reads a manifest and holds the image's files against it: by their stamps, and by their content where those differ, as they do
 * in a copy of the cache.
 * @throws Error that says what is wrong with the image
 */
export async function readManifest(directory: string): Promise<Manifest> {
  const manifest = JSON.parse(fs.readFileSync(path.join(directory, MANIFEST), 'utf8')) as Manifest
  for (const name of Object.values(IMAGE_FILES)) {
    const seal = manifest.files[name]
    if (!seal) throw new Error(`${MANIFEST} does not know ${name}`)
    const file = path.join(directory, name)
    if (!isUntouched(file, seal) && (await digestOf(file)) !== seal.sha256)
      throw new Error(`${name} is not what it was when it was made`)
  }
  return manifest
}

/** Names the content of an image: two of the same name have the same bytes. */
export const contentDigest = ({ files }: Manifest): string =>
  createHash('sha256')
    .update(
      Object.values(IMAGE_FILES)
        .map(name => `${name} ${files[name]?.sha256}\n`)
        .join(''),
    )
    .digest('hex')

function stampOf(file: string): Omit<Seal, 'sha256'> {
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
