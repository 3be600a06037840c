import fs from 'node:fs'
import { environmentFailure } from '../../../errors/failure.ts'
import { run } from '../../../host/command.ts'

/** Where the image's packages come from: the host's own sources for its release. */
export interface PackageSources {
  /** Lines of a sources.list; none when the host has no sources of Debian's: mmdebstrap knows its own then. */
  readonly lines: readonly string[]
  /** apt's settings for its proxies, as `Acquire::http::Proxy "…"` */
  readonly proxies: readonly string[]
}

/** The oldest release whose squashfs-tools have `sqfstar`. */
const OLDEST_VERSION = 12

/**
 * The codename of this host's release, `bookworm`. Runs nothing: every start of a cluster asks.
 * @param osRelease the text of os-release(5)
 * @param architecture Node's name for it
 * @throws Failure UNSUPPORTED_HOST (exit 3) when it is no Debian on amd64, or too old
 */
export function readCodename(osRelease = readOsRelease(), architecture: string = process.arch): string {
  const value = (name: string) => new RegExp(`^${name}=["']?([^"'\n]*)["']?$`, 'm').exec(osRelease)?.[1]
  const codename = value('VERSION_CODENAME')
  // Debian's next release has a codename and no number yet.
  const version = Number(value('VERSION_ID') ?? OLDEST_VERSION)
  if (architecture === 'x64' && value('ID') === 'debian' && codename && version >= OLDEST_VERSION) return codename
  const name = value('PRETTY_NAME') ?? 'another system'
  throw environmentFailure(
    'UNSUPPORTED_HOST',
    `the embedded cluster is made from the packages of Debian ${OLDEST_VERSION} or later on amd64, and this is ${name} on ${architecture}`,
    { hint: 'run it on such a host, or in a container of such a Debian' },
  )
}

function readOsRelease(): string {
  for (const file of ['/etc/os-release', '/usr/lib/os-release']) {
    if (fs.existsSync(file)) return fs.readFileSync(file, 'utf8')
  }
  return ''
}

/** Reads the host's apt configuration, through apt's own tools. */
export async function readPackageSources(codename: string): Promise<PackageSources> {
  const format = '$(ORIGIN)|$(RELEASE)|$(REPO_URI)|$(COMPONENT)'
  const [targets, configuration] = await Promise.all([
    run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']),
    run('apt-config', ['dump', '--format', '%F "%v";%n', 'Acquire']),
  ])
  return { lines: sourceLines(targets, codename), proxies: proxyLines(configuration) }
}

/**
 * Debian's own entries of this release, its updates included.
 * @param indexTargets lines of `<origin>|<release>|<uri>|<component>`, see apt-get(8); the origin is known to apt only
 *   after an `apt-get update`, and empty where the lists were removed since, as images of containers do
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

/** What mirrors call the archive: other makers of packages have more in front of it, or something else. */
const DEBIAN_MIRROR = /^[a-z+]+:\/\/[^/]+\/debian(-security)?\/?$/

/**
 * Proxies of apt, for single hosts too; passwords for them are not among the options that other users can see in `ps`
 * unless they are written here.
 * @param configuration what `apt-config dump` says
 */
export const proxyLines = (configuration: string): readonly string[] =>
  configuration
    .split('\n')
    .filter(line => /^Acquire::https?::Proxy(::[^"\s]+)? "[^"]+";$/i.test(line))
    .map(line => line.slice(0, -1))
