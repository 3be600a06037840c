import { environmentFailure } from '../errors/failure.ts'
import type { OptionalPart, Packing } from '../settings/packing.ts'
import { findCni, readCni, whereNot } from './cni.ts'
import { readTree } from './default-tree.ts'
import { hostArchitecture } from './elf.ts'
import { findIpu, readIpu } from './ipu.ts'
import { arrange, type Member } from './member.ts'
import { randomSeed, rndAddresses } from './rnd-addresses.ts'

/**
 * Everything that is in the ovl, in the order of the archive. All sources are read and checked before this returns, so that
 * nothing is written that would have to be taken back.
 * @param onNotice gets a line for each part that was taken, or is missing
 * @throws Failure of the sources; MISSING_PART (exit 3) when a required part is not there
 */
export async function collectMembers(packing: Packing, onNotice: (line: string) => void): Promise<readonly Member[]> {
  const architecture = hostArchitecture()
  const seed = packing.seed ?? randomSeed()
  onNotice(`random addresses: seed ${seed}`)
  const members: Member[] = [...readTree(), rndAddresses(seed)]
  const take = (
    part: OptionalPart,
    what: string,
    { place, version }: { place: string; version: string },
    taken: readonly Member[],
  ) => {
    const bytes = taken.reduce((sum, member) => sum + (member.type === 'file' ? member.content.length : 0), 0)
    onNotice(`${part}: ${what}, ${version}, ${(bytes / 1e6).toFixed(1)} MB, from ${place}`)
    members.push(...taken)
  }

  const cni = findCni(packing, architecture)
  if (cni) {
    const plugins = await readCni(cni, architecture)
    take('cni', `${plugins.length} plugins`, cni, plugins)
  } else {
    missing('cni', `no plugins: ${whereNot(packing, architecture)}`, packing, onNotice)
  }

  const ipu = findIpu(packing)
  if (ipu) take('ipu', 'the address tool', ipu, [await readIpu(ipu, architecture)])
  else {
    const places = `${list(packing.ipuPlaces)}, nor an nfqlb-*.tar.xz in ${list(packing.archiveDirectories)}`
    missing('ipu', `not there (netns_test does without): neither ${places}`, packing, onNotice)
  }
  return arrange(members)
}

function missing(part: OptionalPart, why: string, { required }: Packing, onNotice: (line: string) => void): void {
  if (required.includes(part))
    throw environmentFailure('MISSING_PART', `${part}: ${why}`, { hint: `--require ${part} was given` })
  onNotice(`${part}: ${why}`)
}

const list = (places: readonly string[]): string => places.join(', ')
