import path from 'node:path'
import process from 'node:process'
import { usageFailure } from '../errors/failure.ts'
import type { Environment } from '../host/environment.ts'
import { expandHome } from './home.ts'
import type { Packing } from './packing.ts'
import type { Sources } from './sources.ts'

export type GuestArchitecture = 'amd64' | 'arm64'

/** What the nodes' image is built from, on any host. */
export interface Guest {
  /** Codename of the Debian release. */
  readonly release: string
  readonly architecture: GuestArchitecture
  /** Build from the archive as it was at this time: `20261101T000000Z`. */
  readonly snapshot?: string
  /** Additional packages, sorted. */
  readonly packages: readonly string[]
  /** Kernel modules to keep, besides those of networks; sorted. */
  readonly modules: readonly string[]
  /** A version of Debian's kernel, such as `6.12` or `6.12-rt`, or an absolute path; the release's by default. */
  readonly kernel?: string
  /** `lib/modules/<version>` of a kernel that is a file. */
  readonly modulesDirectory?: string
  readonly archive: Archive
}

/** Where packages come from. It is not part of the cache key, since packages are signed. */
export interface Archive {
  /** URI of the mirror; the host's, or else Debian's, by default. */
  readonly mirror?: string
  /** URI of the mirror for security updates. */
  readonly securityMirror?: string
  /** A file with the public keys that sign the mirror; Debian's by default. */
  readonly keyring?: string
}

/** The same on every host, so that all hosts test with the same packages. */
const DEFAULT_RELEASE = 'bookworm'

const RELEASE = /^[a-z][a-z0-9-]{1,30}$/
const SNAPSHOT = /^\d{8}T\d{6}Z$/
/** Debian Policy, section 5.6.1. */
export const PACKAGE_NAME = /^[a-z0-9][a-z0-9+.-]+$/
const MODULE = /^[A-Za-z0-9][\w-]*$/
const URI = /^(https?|file):\/\/[^\s,]+$/
const KERNEL_VERSION = /^\d+\.\d+(\.\d+)?(-rt)?$/

/** Guest architecture of this host; amd64 where Debian's guests have no other name for it. */
export const nativeArchitecture = (nodesName: string = process.arch): GuestArchitecture =>
  nodesName === 'arm64' ? 'arm64' : 'amd64'

/** The guest without any option. */
export const DEFAULT_GUEST: Guest = Object.freeze({
  release: DEFAULT_RELEASE,
  architecture: nativeArchitecture(),
  packages: [],
  modules: [],
  archive: {},
})

/**
 * @param packages that the test needs, besides those of `--package`
 * @throws Failure BAD_VALUE (exit 2) naming the option or variable
 */
export function readGuest(sources: Sources, environment: Environment, packages: readonly string[] = []): Guest {
  const release = sources.checked('__guest', DEFAULT_RELEASE, 'the codename of a Debian release: bookworm', value =>
    RELEASE.test(value),
  )
  const architecture = sources.checked('__arch', nativeArchitecture(), 'amd64 or arm64', value =>
    ['amd64', 'arm64'].includes(value),
  ) as GuestArchitecture
  const snapshot = optional(sources, '__snapshot', 'a time as 20261101T000000Z', value => SNAPSHOT.test(value))
  const list = (name: string, expected: string, pattern: RegExp) =>
    wordsIn(optional(sources, name, expected, value => wordsIn(value).every(word => pattern.test(word))))
  const named = list('__package', 'names of Debian packages, separated by commas', PACKAGE_NAME)
  const modules = list('__module', 'names of kernel modules, separated by commas', MODULE)
  const file = (name: string) => {
    const value = sources.text(name, '')
    return value ? path.resolve(expandHome(sources.spellingOf(name), value, environment)) : undefined
  }
  const kernel = readKernel(sources, environment)
  const modulesDirectory = file('__modules')
  if (modulesDirectory && kernelFile({ kernel }) === undefined)
    throw usageFailure('BAD_VALUE', `${sources.spellingOf('__modules')} is for a kernel that is a file (--kernel)`)
  const keyring = file('__keyring')
  return Object.freeze({
    release,
    architecture,
    ...(snapshot && { snapshot }),
    packages: sorted([...named, ...packages]),
    modules: sorted(modules.map(name => name.replaceAll('-', '_'))),
    ...(kernel && { kernel }),
    ...(modulesDirectory && { modulesDirectory }),
    archive: { ...readMirror(sources), ...(keyring && { keyring }) },
  })
}

/** The file of a kernel that the user built; undefined for one of Debian's. */
export const kernelFile = ({ kernel }: { readonly kernel?: string | undefined }): string | undefined =>
  kernel?.startsWith('/') ? kernel : undefined

/** Whether an image has nothing that the default image lacks. */
export const isDefaultGuest = (guest: Guest): boolean =>
  JSON.stringify({ ...guest, archive: {} }) === JSON.stringify(DEFAULT_GUEST)

/** The options that describe a guest, for messages. */
export function guestWords(guest: Guest): readonly string[] {
  const { release, architecture, snapshot, packages, modules, kernel, modulesDirectory, archive } = guest
  const { mirror, securityMirror, keyring } = archive
  return [
    ...(release === DEFAULT_RELEASE ? [] : [`--guest=${release}`]),
    ...(architecture === nativeArchitecture() ? [] : [`--arch=${architecture}`]),
    ...(packages.length > 0 ? [`--package=${packages.join(',')}`] : []),
    ...(kernel ? [`--kernel=${kernel}`] : []),
    ...(modulesDirectory ? [`--modules=${modulesDirectory}`] : []),
    ...(modules.length > 0 ? [`--module=${modules.join(',')}`] : []),
    ...(snapshot ? [`--snapshot=${snapshot}`] : []),
    ...(mirror ? [`--mirror=${[mirror, securityMirror].filter(Boolean).join(',')}`] : []),
    ...(keyring ? [`--keyring=${keyring}`] : []),
  ]
}

/** The cache entry with CNI plugins of Debian for guests that are not of the host's architecture. */
export const pluginsEntry = ({ release, architecture, snapshot = '' }: Guest) => ({
  kind: 'plugins',
  key: `${release}_${architecture}${snapshot && `_${snapshot}`}`,
})

/** Plugins of the host's own distribution cannot run on guests of another architecture. */
export function packingFor(guest: Guest, packing: Packing, cacheDirectory: string): Packing {
  const { architecture } = guest
  if (architecture === nativeArchitecture()) return packing
  const { kind, key } = pluginsEntry(guest)
  const cniDirectories = [path.join(cacheDirectory, `${kind}-${key}`, PLUGINS)]
  return Object.freeze({ ...packing, architecture, cniDirectories })
}

/** The directory in that entry. */
export const PLUGINS = 'cni'

/** The names in a comma-separated list. */
export const wordsIn = (text: string | undefined): readonly string[] => text?.split(',').filter(Boolean) ?? []

function readKernel(sources: Sources, environment: Environment): string | undefined {
  const expected = "a version of Debian's kernel (6.12, 6.12-rt), or a file (./bzImage)"
  const kernel = optional(sources, '__kernel', expected, value => isKernelWord(value))
  if (kernel === undefined || KERNEL_VERSION.test(kernel)) return kernel
  return path.resolve(expandHome(sources.spellingOf('__kernel'), kernel, environment))
}

/** A word with a slash is a file; a comma separates kernels, of which a cluster has one. */
const isKernelWord = (word: string): boolean => KERNEL_VERSION.test(word) || (word.includes('/') && !word.includes(','))

function readMirror(sources: Sources): Pick<Archive, 'mirror' | 'securityMirror'> {
  const expected = 'the URI of a Debian mirror, and of one for security updates after a comma'
  const isMirror = (value: string) => {
    const uris = value.split(',')
    return uris.length <= 2 && uris.every(uri => URI.test(uri))
  }
  const [mirror, securityMirror] = wordsIn(optional(sources, '__mirror', expected, isMirror)).map(withoutSlash)
  return { ...(mirror && { mirror }), ...(securityMirror && { securityMirror }) }
}

const withoutSlash = (uri: string): string => uri.replace(/\/+$/, '')

function optional(
  sources: Sources,
  name: string,
  expected: string,
  isValid: (value: string) => boolean,
): string | undefined {
  return sources.checked(name, '', expected, value => value === '' || isValid(value)) || undefined
}

const sorted = (words: readonly string[]): readonly string[] => Object.freeze([...new Set(words)].sort())
