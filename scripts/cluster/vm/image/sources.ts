import fs from 'node:fs'
import { environmentFailure, usageFailure } from '../../../errors/failure.ts'
import { run } from '../../../host/command.ts'
import { callersEnvironment } from '../../../host/environment.ts'
import { KEYRINGS, missing } from '../../../host/requirements.ts'
import type { Archive, Guest } from '../../../settings/guest.ts'

/** Where the packages of a guest come from. */
export interface PackageSources {
  /** Lines of a sources.list, each with the keyring that must have signed its index. */
  readonly lines: readonly string[]
  /** Lines for newer kernels of the same archive, such as backports. */
  readonly kernelLines: readonly string[]
  /** apt's proxy settings, such as `Acquire::http::Proxy "…"` */
  readonly proxies: readonly string[]
}

/** Used where the host has no Debian mirror of its own. */
export const DEFAULT_MIRROR = 'http://deb.debian.org/debian'
const DEFAULT_SECURITY_MIRROR = 'http://deb.debian.org/debian-security'
const SNAPSHOT_MIRROR = 'http://snapshot.debian.org'

/** Releases whose kernels run any guest, from the oldest to the newest. */
const KERNEL_RELEASES: readonly string[] = ['bookworm', 'trixie']

/** Reads the host's apt configuration, if it has one. */
export async function readPackageSources(guest: Guest): Promise<PackageSources> {
  const hasApt = missing([{ command: 'apt-get', package: 'apt' }], callersEnvironment).length === 0
  const format = '$(ORIGIN)|$(RELEASE)|$(REPO_URI)|$(COMPONENT)'
  const [targets, configuration] = hasApt
    ? await Promise.all([
        run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']).catch(() => ''),
        run('apt-config', ['dump', '--format', '%F "%v";%n', 'Acquire']),
      ])
    : ['', '']
  const keyring = findKeyring(guest.archive)
  return { ...linesOf(guest, mirrorsOf(guest, hostMirrors(targets)), keyring), proxies: proxyLines(configuration) }
}

/** The lines of a guest's sources, for packages and for other kernels. */
export function linesOf(guest: Guest, mirrors: Mirrors, keyring: string): Omit<PackageSources, 'proxies'> {
  const newer = KERNEL_RELEASES.slice(KERNEL_RELEASES.indexOf(guest.release) + 1)
  const releases = KERNEL_RELEASES.includes(guest.release) ? [guest.release, ...newer] : [guest.release]
  return {
    lines: sourceLines(guest, mirrors, keyring, suitesOf(guest.release)),
    kernelLines: sourceLines(guest, mirrors, keyring, releases.flatMap(kernelSuites)),
  }
}

/**
 * The file with the keys that must sign the package lists.
 * @param places to search for Debian's
 * @throws Failure BAD_VALUE (exit 2) when the given file is missing, HOST_LACKS (exit 3) when Debian's is
 */
export function findKeyring({ keyring }: Archive, places: readonly string[] = KEYRINGS): string {
  if (keyring !== undefined) {
    if (fs.existsSync(keyring)) return keyring
    throw usageFailure('BAD_VALUE', `--keyring=${keyring}: there is no such file`)
  }
  const found = places.find(place => fs.existsSync(place))
  if (found) return found
  throw environmentFailure('HOST_LACKS', "this host lacks Debian's archive keys (package debian-archive-keyring)", {
    hint: `run: ./netns.ts setup, or put the keys into ${places[0]}`,
  })
}

interface Mirrors {
  readonly main: string
  /** Undefined: without security updates. */
  readonly security: string | undefined
}

/** The mirrors of a guest: those of the options, or else the host's, or else Debian's. */
export function mirrorsOf({ snapshot, archive }: Guest, host: Mirrors | undefined): Mirrors {
  const { mirror, securityMirror } = archive
  if (snapshot !== undefined) {
    const place = (name: string) => `${mirror ?? SNAPSHOT_MIRROR}/archive/${name}/${snapshot}`
    return { main: place('debian'), security: place('debian-security') }
  }
  if (mirror !== undefined) return { main: mirror, security: securityMirror }
  return host ?? { main: DEFAULT_MIRROR, security: DEFAULT_SECURITY_MIRROR }
}

/**
 * The host's own Debian mirrors, whatever its release is.
 * @param indexTargets lines of `<origin>|<release>|<uri>|<component>`, see apt-get(8); the origin is empty when the
 *   package lists were removed, as in container images
 * @returns undefined when the host has none, as on another distribution
 */
export function hostMirrors(indexTargets: string): Mirrors | undefined {
  const uris = indexTargets.split('\n').flatMap(line => {
    const [origin, release = '', uri = '', component = ''] = line.split('|')
    const isDebian = origin === 'Debian' || (origin === '' && DEBIAN_MIRROR.test(uri))
    return isDebian && component === 'main' ? [{ release, uri: uri.replace(/\/+$/, '') }] : []
  })
  const main = uris.find(({ release }) => /^[a-z]+$/.test(release))
  const security = uris.find(({ release }) => release.endsWith('-security'))
  return main && { main: main.uri, security: security?.uri }
}

/** URI of a Debian mirror; third-party repositories have other paths. */
const DEBIAN_MIRROR = /^[a-z+]+:\/\/[^/]+\/debian(-security)?\/?$/

const isSecurity = (suite: string) => suite.endsWith('-security')
const suitesOf = (release: string): readonly string[] =>
  release === 'sid' ? [release] : [release, `${release}-updates`, `${release}-security`]
const kernelSuites = (release: string): readonly string[] =>
  release === 'sid' ? [release] : [...suitesOf(release), `${release}-backports`]

function sourceLines(
  { snapshot, architecture }: Guest,
  { main, security }: Mirrors,
  keyring: string,
  suites: readonly string[],
): readonly string[] {
  // A snapshot's index expired long ago; its signature is checked all the same.
  const options = `arch=${architecture} signed-by=${keyring}${snapshot ? ' check-valid-until=no' : ''}`
  return suites.flatMap(suite => {
    const mirror = isSecurity(suite) ? security : main
    return mirror ? [`deb [${options}] ${mirror} ${suite} main`] : []
  })
}

/**
 * apt's proxies, including those for single hosts. A password in a proxy URI is visible to other users in `ps`.
 * @param configuration the output of `apt-config dump`
 */
export const proxyLines = (configuration: string): readonly string[] =>
  configuration
    .split('\n')
    .filter(line => /^Acquire::https?::Proxy(::[^"\s]+)? "[^"]+";$/i.test(line))
    .map(line => line.slice(0, -1))
