import fs from 'node:fs'
import path from 'node:path'
import { usageFailure } from '../../../errors/failure.ts'
import { run } from '../../../host/command.ts'
import type { Guest } from '../../../settings/guest.ts'
import { readDebName } from './deb-names.ts'
import { explainingApt } from './packages.ts'
import type { PackageSources } from './sources.ts'

/** apt with directories of its own: it sees neither the host's packages nor its sources. */
export interface Apt {
  /** Names of all packages that begin with a prefix. */
  names(prefix: string): Promise<readonly string[]>
  /**
   * Downloads a package, without its dependencies, and unpacks it.
   * @returns its version
   */
  unpack(name: string, target: string): Promise<string>
}

/**
 * Downloads the package lists.
 * @param directory for its files; created, and left to the caller to remove
 * @throws Failure NO_PACKAGES (exit 3) with the reason
 */
export async function openApt(
  directory: string,
  guest: Guest,
  lines: readonly string[],
  { proxies }: Pick<PackageSources, 'proxies'>,
  signal?: AbortSignal,
): Promise<Apt> {
  for (const name of ['etc/sources.list.d', 'etc/preferences.d', 'etc/apt.conf.d', 'lists/partial', 'archives/partial'])
    fs.mkdirSync(path.join(directory, name), { recursive: true })
  fs.writeFileSync(path.join(directory, 'status'), '')
  fs.writeFileSync(path.join(directory, 'etc/sources.list'), lines.map(line => `${line}\n`).join(''))
  const configuration = path.join(directory, 'apt.conf')
  fs.writeFileSync(configuration, configurationOf(directory, guest, proxies))
  const call = (command: string, words: readonly string[], cwd = directory) =>
    explainingApt(guest, proxies, onErrorLine =>
      run(command, words, {
        cwd,
        signal,
        reapOrphans: true,
        environment: { APT_CONFIG: configuration },
        onErrorLine,
        failure: { exitCode: 3, code: 'NO_PACKAGES' },
      }),
    )
  await call('apt-get', ['update', '--quiet=2', '--error-on=any'])
  return {
    names: async prefix => (await call('apt-cache', ['pkgnames', prefix])).split('\n').filter(Boolean),
    unpack: async (name, target) => {
      const archives = path.join(directory, 'archives')
      await call('apt-get', ['download', '--quiet=2', name], archives)
      const file = fs.readdirSync(archives).find(entry => readDebName(entry)?.name === name)
      if (!file) throw usageFailure('BAD_VALUE', `apt-get downloaded no package ${name}`)
      await run('dpkg-deb', ['--extract', path.join(archives, file), target], { signal })
      return readDebName(file)?.version ?? ''
    },
  }
}

/** As the user who runs it: apt's own user cannot enter a private cache. */
function configurationOf(directory: string, { architecture }: Guest, proxies: readonly string[]): string {
  const settings: Readonly<Record<string, string>> = {
    'APT::Architecture': architecture,
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
    'Dir::Cache': directory,
    'Dir::Cache::archives': path.join(directory, 'archives'),
    'Dir::Etc': path.join(directory, 'etc'),
    'Dir::Etc::trusted': '/dev/null',
    'Dir::Etc::trustedparts': '/dev/null',
    'Dir::State': directory,
    'Dir::State::lists': path.join(directory, 'lists'),
    'Dir::State::status': path.join(directory, 'status'),
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";\n`)
  return [...lines, `APT::Architectures { "${architecture}"; };\n`, ...proxies.map(proxy => `${proxy};\n`)].join('')
}
