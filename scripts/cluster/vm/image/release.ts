import fs from 'node:fs'
import { environmentFailure } from '../../../errors/failure.ts'
import { run } from '../../../host/command.ts'

/** The host's package sources for its release. */
export interface PackageSources {
  /** Lines of a sources.list; empty when the host has no Debian sources, so that mmdebstrap uses its defaults. */
  readonly lines: readonly string[]
  /** apt's proxy settings, such as `Acquire::http::Proxy "…"` */
  readonly proxies: readonly string[]
}

/** The first release whose squashfs-tools include `sqfstar`. */
const OLDEST_VERSION = 12

/**
 * The codename of this host's release: `bookworm`. Starts no process, since it is called in every run.
 * @param osRelease the text of os-release(5)
 * @param architecture Node's name for it
 * @throws Failure UNSUPPORTED_HOST (exit 3) unless the host runs Debian on amd64 and is recent enough
 */
export function readCodename(osRelease = readOsRelease(), architecture: string = process.arch): string {
  const value = (name: string) => new RegExp(`^${name}=["']?([^"'\n]*)["']?$`, 'm').exec(osRelease)?.[1]
  const codename = value('VERSION_CODENAME')
  // Debian's next release has a codename, but no number yet.
  const version = Number(value('VERSION_ID') ?? OLDEST_VERSION)
  if (architecture === 'x64' && value('ID') === 'debian' && codename && version >= OLDEST_VERSION) return codename
  const name = value('PRETTY_NAME') ?? 'another system'
  throw environmentFailure(
    'UNSUPPORTED_HOST',
    `the guest image needs packages of Debian ${OLDEST_VERSION} or later on amd64, but this host runs ${name} on ${architecture}`,
    { hint: 'use such a host, or a Debian container' },
  )
}

function readOsRelease(): string {
  for (const file of ['/etc/os-release', '/usr/lib/os-release']) {
    if (fs.existsSync(file)) return fs.readFileSync(file, 'utf8')
  }
  return ''
}

/** Reads the host's apt configuration. */
export async function readPackageSources(codename: string): Promise<PackageSources> {
  const format = '$(ORIGIN)|$(RELEASE)|$(REPO_URI)|$(COMPONENT)'
  const [targets, configuration] = await Promise.all([
    run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']),
    run('apt-config', ['dump', '--format', '%F "%v";%n', 'Acquire']),
  ])
  return { lines: sourceLines(targets, codename), proxies: proxyLines(configuration) }
}

/**
 * Debian's own sources of this release, including its updates.
 * @param indexTargets lines of `<origin>|<release>|<uri>|<component>`, see apt-get(8); the origin is empty when the
 *   package lists were removed, as in container images
 */
export function sourceLines(indexTargets: string, codename: string): readonly string[] {
  const releases = [codename, `${codename}-updates`, `${codename}-security`]
  const lines = indexTargets.split('\n').flatMap(line => {
    const [origin, release = '', uri = '', component = ''] = line.split('|')
    const isDebian = origin === 'Debian' || (origin === '' && DEBIAN_MIRROR.test(uri))
    return isDebian && releases.includes(release) && component === 'main' ? [`deb ${uri} ${release} ${component}`] : []
  })
  return [...new Set(lines)]
}

/** URI of a Debian mirror; third-party repositories have other paths. */
const DEBIAN_MIRROR = /^[a-z+]+:\/\/[^/]+\/debian(-security)?\/?$/

/**
 * apt's proxies, including those for single hosts. A password in a proxy URI is visible to other users in `ps`.
 * @param configuration the output of `apt-config dump`
 */
export const proxyLines = (configuration: string): readonly string[] =>
  configuration
    .split('\n')
    .filter(line => /^Acquire::https?::Proxy(::[^"\s]+)? "[^"]+";$/i.test(line))
    .map(line => line.slice(0, -1))
