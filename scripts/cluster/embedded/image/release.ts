import fs from 'node:fs'
import { environmentFailure } from '../../../errors/failure.ts'
import { run } from '../../../host/command.ts'

/** Where the image's packages come from: the host's own sources for its release. */
export interface PackageSources {
  /** `bookworm` */
  readonly codename: string
  /** Lines of a sources.list; none when the host has no package lists of its release yet. */
  readonly lines: readonly string[]
  /** apt's settings for its proxies, as `Acquire::http::Proxy "…";` */
  readonly proxies: readonly string[]
}

/**
 * Reads the host's release and apt configuration, through apt's own tools.
 * @throws Failure UNSUPPORTED_HOST (exit 3) when it is no Debian on amd64
 */
export async function readPackageSources(): Promise<PackageSources> {
  const codename = readCodename()
  const format = '$(ORIGIN)|$(CODENAME)|$(REPO_URI)|$(COMPONENT)'
  const [targets, configuration] = await Promise.all([
    run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']),
    run('apt-config', ['dump', '--format', '%F "%v";%n', 'Acquire']),
  ])
  return { codename, lines: sourceLines(targets, codename), proxies: proxyLines(configuration) }
}

/** Debian's own entries of this release, its updates included. */
export const sourceLines = (indexTargets: string, codename: string): readonly string[] => [
  ...new Set(
    indexTargets
      .split('\n')
      .map(line => line.split('|'))
      .filter(([origin, name]) => origin === 'Debian' && (name === codename || name?.startsWith(`${codename}-`)))
      .filter(([, name]) => !name?.endsWith('-backports'))
      .map(([, name, uri, component]) => `deb ${uri} ${name} ${component}`),
  ),
]

const proxyLines = (configuration: string): readonly string[] =>
  configuration.split('\n').filter(line => /^Acquire::https?::proxy[^"]* "[^"]+";$/i.test(line))

function readCodename(): string {
  const release = fs.readFileSync('/etc/os-release', 'utf8')
  const value = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(release)?.[1]
  const codename = value('VERSION_CODENAME')
  if (process.arch !== 'x64' || value('ID') !== 'debian' || !codename) {
    throw environmentFailure(
      'UNSUPPORTED_HOST',
      `the embedded cluster is made from the packages of Debian on amd64, and this is ${value('PRETTY_NAME') ?? 'another system'} on ${process.arch}`,
      {
        hint: 'use your own xcluster with $XCLUSTER set',
      },
    )
  }
  return codename
}
