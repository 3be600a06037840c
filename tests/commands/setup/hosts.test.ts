import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { findParts, purposesOf } from '../../../scripts/commands/setup/parts.ts'
import { type HostReport, remedyFor, reportText } from '../../../scripts/commands/setup/report.ts'
import { install, type SetupRequest } from '../../../scripts/commands/setup/setup.ts'
import { readDistribution } from '../../../scripts/host/distribution.ts'
import { missing, type Requirement } from '../../../scripts/host/requirements.ts'
import { DEFAULT_GUEST } from '../../../scripts/settings/guest.ts'
import { conforms } from '../../schema.ts'

const WANTED: readonly Requirement[] = [
  { command: 'no-vde_switch', package: 'vde2' },
  { command: 'no-mmdebstrap', package: 'mmdebstrap' },
]

const MANAGERS = ['apt-get', 'dnf', 'zypper', 'pacman', 'apk']

/** A PATH with stand-ins for all package managers, which record their calls and "install" the missing commands. */
function scene(t: ExecutionContext, osRelease: string) {
  const bin = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-host-'))
  t.teardown(() => fs.rmSync(bin, { recursive: true }))
  const script = `#!/bin/sh
echo "\${0##*/} $*" >>${bin}/calls
[ "$1" = update ] || for name in no-vde_switch no-mmdebstrap; do cp "$0" ${bin}/$name; done
`
  for (const name of MANAGERS) fs.writeFileSync(path.join(bin, name), script, { mode: 0o755 })
  fs.writeFileSync(path.join(bin, 'sudo'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 })
  for (const name of ['sh', 'env', 'cp']) fs.symlinkSync(`/bin/${name}`, path.join(bin, name))
  const lines: string[] = []
  const request: SetupRequest = {
    directories: { cache: bin, state: bin },
    accelerator: 'auto',
    guest: DEFAULT_GUEST,
    tests: false,
    check: false,
    refresh: false,
    environment: { PATH: bin },
    distribution: readDistribution(osRelease),
    onLine: line => lines.push(line),
  }
  const calls = () => (fs.existsSync(path.join(bin, 'calls')) ? fs.readFileSync(path.join(bin, 'calls'), 'utf8') : '')
  return { bin, request, calls, lines }
}

for (const [name, osRelease] of [
  ['Debian 12', 'ID=debian\nVERSION_ID="12"\n'],
  ['Debian 13', 'ID=debian\nVERSION_CODENAME=trixie\n'],
  ['Ubuntu 22.04', 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="22.04"\n'],
  ['Ubuntu 24.04', 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n'],
] as const) {
  test(`installs what ${name} lacks by apt`, async t => {
    const { request, calls } = scene(t, osRelease)
    const lacking = missing(WANTED, request.environment)
    t.is(lacking.length, 2)
    await install(lacking, request)
    t.is(calls(), 'apt-get update --quiet\napt-get install --yes --quiet --no-install-recommends vde2 mmdebstrap\n')
  })
}

test('names the component that Ubuntu may lack when apt finds no package', async t => {
  const { bin, request } = scene(t, 'ID=ubuntu\nID_LIKE=debian\n')
  fs.writeFileSync(path.join(bin, 'apt-get'), '#!/bin/sh\n[ "$1" = update ]\n', { mode: 0o755 })
  const error = await t.throwsAsync(install(missing(WANTED, request.environment), request), { code: 'INSTALL_FAILED' })
  t.regex((error as Error & { hint: string }).hint, /add-apt-repository universe/)
})

for (const [osRelease, hint] of [
  ['ID=fedora\n', /dnf install vde2 mmdebstrap/],
  ['ID=opensuse-leap\n', /zypper install vde2$/],
  ['ID=arch\n', /pacman -S --needed vde2/],
  ['ID=alpine\n', /apk add vde2$/],
] as const) {
  test(`names the packages for the package manager of ${osRelease.trim()}, and calls nothing`, async t => {
    const { request, calls } = scene(t, osRelease)
    const error = (await t.throwsAsync(install(WANTED, request), { code: 'HOST_LACKS' })) as Error & { hint: string }
    t.regex(error.hint, hint)
    t.is(calls(), '')
  })
}

test('names the commands that an unknown distribution lacks', async t => {
  const { request } = scene(t, 'ID=nixos\nPRETTY_NAME=NixOS\n')
  const error = (await t.throwsAsync(install(WANTED, request), { code: 'HOST_LACKS' })) as Error & { hint: string }
  t.is(error.message, 'this host lacks no-vde_switch, no-mmdebstrap')
  t.regex(error.hint, /NixOS/)
})

test('the one command that brings the rest is that of the distribution', t => {
  const remedy = (osRelease: string) =>
    remedyFor(readDistribution(osRelease), './netns.ts setup', ['mmdebstrap', 'vde2'])
  t.is(remedy('ID=debian\n'), './netns.ts setup')
  t.regex(remedy('ID=ubuntu\n'), /^\.\/netns\.ts setup .*universe/)
  t.is(remedy('ID=fedora\n'), 'sudo dnf install mmdebstrap vde2')
  for (const [osRelease, command] of [
    ['ID=arch\n', 'sudo pacman -S --needed vde2'],
    ['ID=opensuse-tumbleweed\n', 'sudo zypper install vde2'],
    ['ID=alpine\n', 'sudo apk add vde2'],
  ] as const)
    t.is(remedy(osRelease), `${command}; mmdebstrap from elsewhere: the distribution has no such package`)
  t.regex(remedy('ID=nixos\n'), /^install the commands/)
})

test('reports each part with its version, place and purpose', async t => {
  const { bin, request } = scene(t, 'ID=debian\n')
  const put = (name: string, says: string) =>
    fs.writeFileSync(path.join(bin, name), `#!/bin/sh\necho '${says}'\n`, { mode: 0o755 })
  put('qemu-system-x86_64', 'QEMU emulator version 6.2.0 (Debian 1:6.2)')
  put('qemu-system-aarch64', 'QEMU emulator version 6.2.0 (Debian 1:6.2)')
  put('find', 'find (GNU findutils) 4.9.0')
  put('depmod', 'kmod version 30')
  // The name of mksquashfs for archives is not everywhere.
  put('mksquashfs', 'mksquashfs version 4.4 (2019/08/29)')
  const parts = await findParts(purposesOf(true, DEFAULT_GUEST), request.environment)
  const part = (name: string) => parts.find(each => each.name === name)
  const qemu = parts.find(each => each.name.startsWith('qemu-system'))
  t.like(qemu, { version: '6.2.0', gives: 'VMs' })
  t.regex(qemu?.note ?? '', /older than 7/)
  t.like(part('find'), { version: '4.9.0', gives: 'clusters of namespaces' })
  t.is(part('ssh')?.gives, "tests of other ovls' own, the project's own tests")
  t.is(part('depmod')?.version, '30')
  t.is(part('sqfstar')?.place, path.join(bin, 'mksquashfs'))
  t.regex(part('sqfstar')?.note ?? '', /older than 4\.5/)
  t.is(part('vde_switch')?.place, undefined)
  const report: HostReport = {
    host: { system: 'Debian', architecture: 'amd64', kernel: '6.1', node: 'v20', cpus: 2, memoryMiB: 4096 },
    parts,
    clusters: [{ kind: 'embedded', works: false, how: 'this host lacks vde_switch' }],
    remedy: './netns.ts setup',
  }
  conforms(t, 'setup', JSON.parse(JSON.stringify(report)))
  const text = reportText(report)
  t.regex(text, /^qemu-system-\S+ +old +6\.2\.0 .*VMs \(older than 7/m)
  t.regex(text, /^vde_switch +MISSING +- +vde2 +VMs$/m)
  t.regex(text, /^embedded +DO NOT WORK +this host lacks vde_switch$/m)
  t.regex(text, /^to install what is missing: \.\/netns\.ts setup$/m)
})
