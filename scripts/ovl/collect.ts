import { environmentFailure } from '../errors/failure.ts'
import type { OptionalPart, Packing } from '../settings/packing.ts'
import { architectureOf, cniLocations, findCni, readCni } from './cni.ts'
import { findIpu, ipuLocations, readIpu } from './ipu.ts'
import { type Member, sizeOf } from './member.ts'
import { readOwnTree } from './own-tree.ts'

/** An optional part of the ovl: packed when it is found. */
export interface Part {
  readonly name: OptionalPart
  readonly source: { readonly place: string; readonly version: string; readonly isArchive: boolean } | undefined
  /** The searched locations, for messages. */
  readonly locations: string
  readonly whenMissing: string
  readonly describe: (members: readonly Member[]) => string
  readonly read: () => Promise<readonly Member[]>
}

/** @throws Failure MISSING_PART (exit 3) when a part that `--require` names was not found */
export function requireParts(parts: readonly Part[], { required }: Packing): void {
  const missing = parts.filter(({ name, source }) => !source && required.includes(name))
  if (missing.length === 0) return
  const locations = missing.map(({ name, locations }) => `${name}: not found: ${locations}`).join('; ')
  throw environmentFailure('MISSING_PART', locations, { hint: '--require was given' })
}

/**
 * Reads and checks all members of the ovl except the random addresses.
 * @param onNotice gets a line for each part, packed or missing
 * @throws Failure of the sources; the signal's reason
 */
export async function collectMembers(
  parts: readonly Part[],
  onNotice: (line: string) => void,
): Promise<readonly Member[]> {
  const members: Member[] = [...readOwnTree()]
  for (const { name, source, locations, whenMissing, describe, read } of parts) {
    if (!source) {
      onNotice(`${name}: not found, ${whenMissing}: ${locations}`)
      continue
    }
    const found = await read()
    const bytes = found.reduce((sum, member) => sum + sizeOf(member), 0)
    onNotice(`${name}: ${describe(found)}, ${source.version}, ${(bytes / 1e6).toFixed(1)} MB, from ${source.place}`)
    members.push(...found)
  }
  return members
}

/** The optional parts, each with its source, if found. */
export function findParts(packing: Packing, signal: AbortSignal | undefined): readonly Part[] {
  const architecture = architectureOf(packing)
  const cni = findCni(packing, architecture)
  const ipu = findIpu(packing)
  return [
    {
      name: 'cni',
      source: cni,
      locations: cniLocations(packing, architecture),
      whenMissing: 'cni tests are not available',
      describe: ({ length }) => (length === 1 ? '1 plugin' : `${length} plugins`),
      read: async () => (cni ? await readCni(cni, architecture, signal) : []),
    },
    {
      name: 'ipu',
      source: ipu,
      locations: ipuLocations(packing),
      whenMissing: 'netns_test works without it',
      describe: () => 'address tool',
      read: async () => (ipu ? [await readIpu(ipu, architecture, signal)] : []),
    },
  ]
}
