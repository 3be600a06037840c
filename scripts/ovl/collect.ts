import { environmentFailure } from '../errors/failure.ts'
import type { OptionalPart, Packing } from '../settings/packing.ts'
import { findCni, placesOfCni, readCni } from './cni.ts'
import { hostArchitecture } from './elf.ts'
import { findIpu, placesOfIpu, readIpu } from './ipu.ts'
import { type Member, sizeOf } from './member.ts'
import { readOwnTree } from './own-tree.ts'

/** Something that is packed when it is found. */
export interface Part {
  readonly name: OptionalPart
  readonly source: { readonly place: string; readonly version: string; readonly isArchive: boolean } | undefined
  /** Where it was looked for. */
  readonly places: string
  readonly whenMissing: string
  readonly whatItIs: (members: readonly Member[]) => string
  readonly read: () => Promise<readonly Member[]>
}

/** @throws Failure MISSING_PART (exit 3) when a part is not there that `--require` names */
export function requireParts(parts: readonly Part[], { required }: Packing): void {
  const lacking = parts.filter(({ name, source }) => !source && required.includes(name))
  if (lacking.length === 0) return
  const places = lacking.map(({ name, places }) => `${name}: not found: ${places}`).join('; ')
  throw environmentFailure('MISSING_PART', places, { hint: '--require was given' })
}

/**
 * Everything that is in the ovl but the random addresses. All sources are read and checked before this returns, so that nothing
 * is written that would have to be taken back.
 * @param onNotice gets a line for each part that was taken, or is missing
 * @throws Failure of the sources; the signal's reason
 */
export async function collectMembers(
  parts: readonly Part[],
  onNotice: (line: string) => void,
): Promise<readonly Member[]> {
  const members: Member[] = [...readOwnTree()]
  for (const { name, source, places, whenMissing, whatItIs, read } of parts) {
    if (!source) {
      onNotice(`${name}: not found, ${whenMissing}: ${places}`)
      continue
    }
    const taken = await read()
    const bytes = taken.reduce((sum, member) => sum + sizeOf(member), 0)
    onNotice(`${name}: ${whatItIs(taken)}, ${source.version}, ${(bytes / 1e6).toFixed(1)} MB, from ${source.place}`)
    members.push(...taken)
  }
  return members
}

/** The parts, with where each is taken from. */
export function findParts(packing: Packing, signal: AbortSignal | undefined): readonly Part[] {
  const architecture = hostArchitecture()
  const cni = findCni(packing, architecture)
  const ipu = findIpu(packing)
  return [
    {
      name: 'cni',
      source: cni,
      places: placesOfCni(packing, architecture),
      whenMissing: 'cni tests will not work',
      whatItIs: ({ length }) => (length === 1 ? '1 plugin' : `${length} plugins`),
      read: async () => (cni ? await readCni(cni, architecture, signal) : []),
    },
    {
      name: 'ipu',
      source: ipu,
      places: placesOfIpu(packing),
      whenMissing: 'netns_test does without',
      whatItIs: () => 'the address tool',
      read: async () => (ipu ? [await readIpu(ipu, architecture, signal)] : []),
    },
  ]
}
