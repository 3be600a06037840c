import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { environmentFailure } from '../scripts/errors/failure.ts'
import { type Row, time } from './measure.ts'

const TOP = path.resolve(import.meta.dirname, '..')
const ROUNDS = 11

/**
 * Packs the ovl with a release of CNI plugins, compared with gunzip and with the equivalent shell commands. The release
 * is packed from installed plugins.
 * @param plugins a directory of CNI plugins
 * @throws Failure NO_CNI (exit 3) when there are none
 */
export function benchOvl(plugins = '/usr/lib/cni', rounds = ROUNDS): readonly Row[] {
  if (!fs.existsSync(path.join(plugins, 'bridge'))) {
    throw environmentFailure('NO_CNI', `no CNI plugins in ${plugins}`, { hint: 'install containernetworking-plugins' })
  }
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-bench-'))
  try {
    const release = path.join(directory, 'cni-plugins-linux-amd64-v1.1.1.tgz')
    time(['tar', 'czf', release, '-C', plugins, '.'])
    const pack = (output: string) => `${TOP}/tar --cni ${release} --seed 1 ${output}`
    // An empty cache.
    const cold = (output: string) => `rm -rf cold && mkdir -p cold && XDG_CACHE_HOME=$PWD/cold/cache ${pack(output)}`
    const { start, gunzip, gunzipToFile, copy, file, stdout, cached, shell } = alternate(directory, rounds, {
      start: `${TOP}/tar --help`,
      gunzip: `gzip -dc ${release} >/dev/null`,
      gunzipToFile: `gzip -dc ${release} >g.tar`,
      file: cold('o.tar'),
      stdout: cold('- >/dev/null'),
      cached: `XDG_CACHE_HOME=$PWD/warm ${pack('o.tar')} && ln o.tar o.saved`,
      copy: 'cp o.saved c.tar && rm o.saved',
      shell: `mkdir -p tree/etc tree/opt/cni/bin && cp -R ${TOP}/ovl/default/. tree &&
        cp ${TOP}/scripts/connections/*/steps/* tree/usr/lib/netns/steps && shuf -i 1-254 >tree/etc/rnd-addresses &&
        tar xzf ${release} -C tree/opt/cni/bin && tar cf s.tar -C tree . && rm -r tree`,
    })
    const withStart = (times: readonly number[]) =>
      times.map((milliseconds, round) => milliseconds + (start[round] ?? 0))
    const startUp = 'plus start-up (`./tar --help`)'
    return [
      {
        label: '`./tar <file>` with a CNI release, not cached',
        times: file,
        baseline: `\`gzip -dc\` of the release to a file, ${startUp}`,
        baselineTimes: withStart(gunzipToFile),
      },
      {
        label: '`./tar -` with a CNI release, not cached',
        times: stdout,
        baseline: `\`gzip -dc\` of the release, ${startUp}`,
        baselineTimes: withStart(gunzip),
      },
      {
        label: '`./tar <file>` with a CNI release, cached',
        times: cached,
        baseline: `\`cp\` of the archive, ${startUp}`,
        baselineTimes: withStart(copy),
      },
      {
        label: '`./tar <file>` with a CNI release, cached',
        times: cached,
        baseline: '`cp`, `shuf`, `tar`, `tar`',
        baselineTimes: shell,
      },
      {
        label: '`./tar <file>` with a CNI release, not cached',
        times: file,
        baseline: '`cp`, `shuf`, `tar`, `tar`',
        baselineTimes: shell,
      },
    ]
  } finally {
    fs.rmSync(directory, { recursive: true })
  }
}

/** Alternates shell commands, so that other load on the machine affects all of them. The first round is a warm-up. */
function alternate<Name extends string>(
  directory: string,
  rounds: number,
  commands: Readonly<Record<Name, string>>,
): Readonly<Record<Name, readonly number[]>> {
  const names = Object.keys(commands) as Name[]
  const times = Object.fromEntries(names.map(name => [name, [] as number[]])) as Record<Name, number[]>
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of names) {
      const { milliseconds } = time(['/bin/sh', '-c', `cd ${directory} && rm -f *.tar && { ${commands[name]}; }`])
      if (round > 0) times[name].push(milliseconds)
    }
  }
  return times
}
