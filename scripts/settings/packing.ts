import { randomInt } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { usageFailure } from '../errors/failure.ts'
import type { Environment } from '../host/environment.ts'
import { expandHome, findHome } from './home.ts'

/** What options say about the packing of the ovl, as typed. */
export interface PackingOptions {
  readonly cni?: string | undefined
  readonly seed?: string | undefined
  readonly require?: string | undefined
}

/** What can be demanded with `--require`. */
export const OPTIONAL_PARTS = ['cni', 'ipu'] as const
export type OptionalPart = (typeof OPTIONAL_PARTS)[number]

/** Everything that decides about the content of the ovl. */
export interface Packing {
  /** An archive or a directory of CNI plugins, given by name. */
  readonly cni: string | undefined
  /** Directories with unpacked CNI plugins, looked into when there is no archive. */
  readonly cniDirectories: readonly string[]
  /** Directories in which release archives are kept; the first one's win a tie. */
  readonly archiveDirectories: readonly string[]
  /** Where `ipu` may be, already unpacked. */
  readonly ipuPlaces: readonly string[]
  /** Of the shuffle of the random addresses: below 2³², at random for those who did not choose one. */
  readonly seed: number
  /** Of all members. */
  readonly time: Date
  readonly required: readonly OptionalPart[]
}

/** 2020-01-01: a time that is the same everywhere, and that no tar program finds strange. */
const CONSTANT_TIME = 1_577_836_800

/**
 * @param environment the caller's: ARCHIVE, HOME, NFQLBDIR, SOURCE_DATE_EPOCH, and the options as `__cni` and `__seed` count
 * @param writtenAs an option as the user wrote it, for messages
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
  // With the dot, a file is none.
  if (nfqlb && !fs.existsSync(`${nfqlb}/.`)) {
    throw usageFailure('BAD_VALUE', `NFQLBDIR=${nfqlb}: there is no such directory`, {
      hint: 'it is an unpacked nfqlb release, with bin/ipu in it; or unset it',
    })
  }
  // xcluster runs the packing of our ovl: what was typed for it travels in the environment, as every option does.
  const cni = options.cni ?? (environment.__cni || undefined)
  const seed = options.seed ?? (environment.__seed || undefined)
  const ipuDirectories = [...(nfqlb ? [nfqlb] : []), ...inHome(), ...inHome('tmp/nfqlb')]
  const archive = expand('ARCHIVE', environment.ARCHIVE)
  return Object.freeze({
    cni: cni === undefined ? undefined : path.resolve(expandHome('--cni', cni, environment)),
    cniDirectories: ['/usr/lib/cni', '/opt/cni/bin'],
    archiveDirectories: [...new Set([...(archive ? [archive] : []), ...inHome('Downloads')])],
    ipuPlaces: ipuDirectories.map(directory => path.join(directory, 'bin/ipu')),
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
      throw usageFailure('BAD_VALUE', `${writtenAs('--require')}=${text}: can name ${OPTIONAL_PARTS.join(' and ')}`)
    }
    return part
  })
}
