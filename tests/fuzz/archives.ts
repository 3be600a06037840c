import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { describeError } from '../../scripts/command-line/edge.ts'
import { Failure } from '../../scripts/errors/failure.ts'
import { withDeadline } from '../../scripts/host/deadline.ts'
import { writeArchive } from '../../scripts/ovl/output.ts'
import { packOvl } from '../../scripts/ovl/packed.ts'
import { readPacking } from '../../scripts/settings/packing.ts'
import { makeCorpus, mutate } from './mutations.ts'
import { randomOf } from './random.ts'

const TIMEOUT_MS = 60_000
/** Characters that control a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: matches control characters on purpose
export const UNPRINTABLE = /[\x00-\x08\x0b-\x1f\x7f-\x9f]|\p{Bidi_Control}/u

/** Results of a campaign. */
export interface Tally {
  refused: number
  accepted: number
}

/**
 * Packs the ovl from mutated archives of CNI plugins. Each archive must be either refused by name, or packed so that
 * GNU tar and busybox read it in the same way. Packing must end in time, and leave no partial, temporary or foreign
 * files.
 * @param own a directory for the campaign
 * @throws Error naming the round, whose archive remains in the directory
 */
export async function fuzzArchives(own: string, seed: number, rounds: readonly number[]): Promise<Tally> {
  const [work, corpusDirectory] = [path.join(own, 'work'), path.join(own, 'corpus')]
  for (const directory of [work, corpusDirectory]) fs.mkdirSync(directory)
  const corpus = makeCorpus(corpusDirectory)
  const tally = { refused: 0, accepted: 0 }
  const seen = new Set<string>()
  for (const round of rounds) {
    const random = randomOf('archives', seed, round)
    const tar = mutate(random.pick(corpus), corpus, random)
    const file = path.join(work, 'cni.tgz')
    fs.writeFileSync(file, compress(tar, random.below(20)))
    try {
      const output = path.join(work, 'ovl.tar')
      const isAccepted = await pack(file, output)
      tally[isAccepted ? 'accepted' : 'refused'] += 1
      requireNames(work, ['cni.tgz', ...(isAccepted ? ['ovl.tar'] : [])])
      requireNames(own, ['corpus', 'work'])
      if (fs.existsSync('/tmp/netns-fuzz-evil')) throw new Error('wrote /tmp/netns-fuzz-evil')
      if (!isAccepted) continue
      const digest = createHash('sha256').update(fs.readFileSync(output)).digest('hex')
      if (!seen.has(digest)) requireSameContent(own, output)
      seen.add(digest)
      fs.rmSync(output)
    } catch (cause) {
      throw new Error(`archive ${round} of seed ${seed}: ${(cause as Error).message} (${file})`, { cause })
    }
  }
  return tally
}

/** Compresses an archive with gzip or xz; some of them are damaged afterwards. */
function compress(tar: Buffer, kind: number): Buffer {
  if (kind === 0) return execFileSync('xz', ['-0'], { input: tar })
  const packed = gzipSync(tar, { level: 1 })
  if (kind === 1) packed[packed.length >> 1] = (packed[packed.length >> 1] ?? 0) ^ 1
  return kind === 2 ? packed.subarray(0, packed.length - 5) : packed
}

async function pack(cni: string, output: string): Promise<boolean> {
  const nowhere = path.join(cni, 'no/home/here')
  const packing = readPacking({ cni, seed: '1' }, { HOME: nowhere })
  try {
    await withDeadline(TIMEOUT_MS, async ({ signal }) => {
      const ovl = await packOvl(packing, nowhere, () => {}, signal)
      await writeArchive(ovl.blocks, output, signal)
    })
    return true
  } catch (error) {
    const text = describeError(error)
    if (!(error instanceof Failure) || error.exitCode !== 1) throw error
    if (!text.includes(cni)) throw new Error(`does not name the archive: ${text}`)
    if (UNPRINTABLE.test(text.replaceAll('\n', ''))) throw new Error(`is unprintable: ${JSON.stringify(text)}`)
    return false
  }
}

function requireNames(directory: string, expected: readonly string[]): void {
  const names = fs.readdirSync(directory).sort()
  if (names.join() !== [...expected].sort().join()) throw new Error(`${directory} contains ${names.join()}`)
}

function requireSameContent(own: string, output: string): void {
  const trees = [['tar'], ['busybox', 'tar']].map(([program = '', ...words]) => {
    const tree = path.join(own, program)
    fs.mkdirSync(tree)
    execFileSync(program, [...words, '-xf', output, '-C', tree])
    return tree
  })
  const { status, stdout } = spawnSync('diff', ['-r', '--no-dereference', ...trees], { encoding: 'utf8' })
  const modes = trees.map(tree => modesIn(tree))
  for (const tree of trees) fs.rmSync(tree, { recursive: true })
  if (status !== 0) throw new Error(`GNU tar and busybox read it differently: ${stdout}`)
  if (modes[0] !== modes[1]) throw new Error('GNU tar and busybox read different modes')
  if (/ (?!755|644|777)\d+$/m.test(modes[0] ?? '')) throw new Error(`has unexpected modes: ${modes[0]}`)
}

const modesIn = (tree: string): string =>
  fs
    .readdirSync(tree, { recursive: true, encoding: 'utf8' })
    .sort()
    .map(name => `${name} ${(fs.lstatSync(path.join(tree, name)).mode & 0o7777).toString(8)}`)
    .join('\n')
