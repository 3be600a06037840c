import { randomInt } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { usageFailure } from '../errors/failure.ts'
import type { Environment } from '../host/environment.ts'
import { expandHome, findHome } from './home.ts'

export interface PackingOptions {
  readonly cni?: string | undefined
  readonly seed?: string | undefined
  readonly require?: string | undefined
}

const OPTIONAL_PARTS = ['cni', 'ipu'] as const
export type OptionalPart = (typeof OPTIONAL_PARTS)[number]

export interface Packing {
  /** Of the nodes; the host's by default. */
  readonly architecture?: 'amd64' | 'arm64'
  /** The archive or directory of CNI plugins that the user selected. */
  readonly cni: string | undefined
  /** Searched for unpacked CNI plugins when no archive is found. */
  readonly cniDirectories: readonly string[]
  /** Searched for release archives; the first directory wins a tie. */
  readonly archiveDirectories: readonly string[]
  readonly ipuPaths: readonly string[]
  /** Seed of the random addresses, below 2³²; drawn at random by default. */
  readonly seed: number
  readonly time: Date
  readonly required: readonly OptionalPart[]
}

/** 2020-01-01: constant, and plausible for every tar. */
const CONSTANT_TIME = 1_577_836_800

/**
 * @param environment provides ARCHIVE, HOME, NFQLBDIR, SOURCE_DATE_EPOCH, `__cni` and `__seed`
 * @param writtenAs returns the user's spelling of an option, for messages
 * @throws Failure BAD_VALUE (exit 2)
 */
export function readPacking(
  options: PackingOptions,
  environment: Environment,
  writtenAs: (option: string) => string = option => option,
): Packing {
  const home = findHome(environment)
  const inHome = (...names: string[]) => (home === undefined ? [] : [path.join(home, ...names)])
  const expand = (name: string, file: string | undefined) => file && expandHome(name, file, environment)
  const nfqlb = expand('NFQLBDIR', environment.NFQLBDIR)
  // `/.` fails for regular files.
  if (nfqlb && !fs.existsSync(`${nfqlb}/.`)) {
    throw usageFailure('BAD_VALUE', `NFQLBDIR=${nfqlb}: there is no such directory`, {
      hint: 'set it to an unpacked nfqlb release with bin/ipu, or unset it',
    })
  }
  // xcluster passes options in the environment when it packs this ovl.
  const cni = options.cni ?? (environment.__cni || undefined)
  const seed = options.seed ?? (environment.__seed || undefined)
  const ipuDirectories = [...(nfqlb ? [nfqlb] : []), ...inHome(), ...inHome('tmp/nfqlb')]
  const archive = expand('ARCHIVE', environment.ARCHIVE)
  return Object.freeze({
    cni: cni === undefined ? undefined : path.resolve(expandHome('--cni', cni, environment)),
    // Of Debian and openSUSE, of Fedora and Alpine, and of releases.
    cniDirectories: ['/usr/lib/cni', '/usr/libexec/cni', '/opt/cni/bin'],
    archiveDirectories: [...new Set([...(archive ? [archive] : []), ...inHome('Downloads')])],
    ipuPaths: ipuDirectories.map(directory => path.join(directory, 'bin/ipu')),
    seed:
      seed === undefined
        ? randomInt(2 ** 32)
        : wholeNumber(options.seed === undefined ? '__seed' : writtenAs('--seed'), seed),
    time: new Date(wholeNumber('SOURCE_DATE_EPOCH', environment.SOURCE_DATE_EPOCH || String(CONSTANT_TIME)) * 1000),
    required: readRequired(options.require, writtenAs),
  })
}

function wholeNumber(name: string, text: string): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(number <= 0xffff_ffff))
    throw usageFailure('BAD_VALUE', `${name}=${text}: must be a whole number from 0 to 4294967295`)
  return number
}

function readRequired(text: string | undefined, writtenAs: (option: string) => string): readonly OptionalPart[] {
  if (text === undefined) return []
  return text.split(',').map(name => {
    const part = OPTIONAL_PARTS.find(known => known === name)
    if (!part) {
      throw usageFailure(
        'BAD_VALUE',
        `${writtenAs('--require')}=${text}: must be a list of ${OPTIONAL_PARTS.join(' and ')}`,
      )
    }
    return part
  })
}
