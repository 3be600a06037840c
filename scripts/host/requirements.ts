import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure } from '../errors/failure.ts'
import type { Environment } from './environment.ts'

/** A command that we call, and Debian's package that brings it. */
export interface Requirement {
  /** Looked for on PATH, or an absolute path. */
  readonly command: string
  readonly package: string
}

/** What it takes to run the embedded cluster. */
export const TO_RUN: readonly Requirement[] = [
  { command: 'qemu-system-x86_64', package: 'qemu-system-x86' },
  { command: 'vde_switch', package: 'vde2' },
  { command: 'sqfstar', package: 'squashfs-tools' },
  { command: 'flock', package: 'util-linux' },
  { command: 'setpriv', package: 'util-linux' },
  { command: 'chrt', package: 'util-linux' },
]

/** What it takes to run a cluster of namespaces. Root does without `uidmap`. */
export const TO_RUN_NAMESPACES: readonly Requirement[] = [
  { command: 'perl', package: 'perl-base' },
  { command: 'unsquashfs', package: 'squashfs-tools' },
  { command: 'tar', package: 'tar' },
  { command: 'find', package: 'findutils' },
  { command: 'newuidmap', package: 'uidmap' },
]

/** What it takes besides to run the tests of other ovls on it. */
export const TO_RUN_OVLS_TESTS: readonly Requirement[] = [{ command: 'ssh', package: 'openssh-client' }]

/** What it takes besides to make its image. */
export const TO_BUILD: readonly Requirement[] = [
  { command: 'mmdebstrap', package: 'mmdebstrap' },
  { command: '/usr/share/keyrings/debian-archive-keyring.gpg', package: 'debian-archive-keyring' },
  { command: 'apt-get', package: 'apt' },
  { command: 'mksquashfs', package: 'squashfs-tools' },
  { command: 'cpio', package: 'cpio' },
  { command: 'depmod', package: 'kmod' },
  { command: 'find', package: 'findutils' },
  { command: 'lz4', package: 'lz4' },
  { command: 'xz', package: 'xz-utils' },
  { command: 'zstd', package: 'zstd' },
]

/** What the project's own tests, lint and long campaigns call besides. `setup --tests` installs it. */
export const TO_TEST: readonly Requirement[] = [
  { command: 'busybox', package: 'busybox-static' },
  { command: '/usr/bin/chromium', package: 'chromium' },
  { command: 'cpio', package: 'cpio' },
  { command: 'fish', package: 'fish' },
  { command: 'fping', package: 'fping' },
  { command: 'gawk', package: 'gawk' },
  { command: 'groff', package: 'groff-base' },
  { command: 'ip', package: 'iproute2' },
  { command: 'man', package: 'man-db' },
  { command: 'mandoc', package: 'mandoc' },
  { command: 'mawk', package: 'mawk' },
  { command: 'nft', package: 'nftables' },
  { command: 'ping', package: 'iputils-ping' },
  { command: 'script', package: 'bsdutils' },
  { command: 'shellcheck', package: 'shellcheck' },
  { command: 'ssh', package: 'openssh-client' },
  { command: 'tcpdump', package: 'tcpdump' },
  { command: 'unshare', package: 'util-linux' },
  { command: 'xmllint', package: 'libxml2-utils' },
  { command: 'xz', package: 'xz-utils' },
  { command: 'zsh', package: 'zsh' },
]

/** Directories of administrators' commands, which an ordinary user's PATH lacks. */
const MORE_PLACES = ['/usr/sbin', '/sbin']

/** PATH with the places where Debian keeps `depmod` and others. */
export const searchPath = (environment: Environment): readonly string[] => [
  ...(environment.PATH ?? '/usr/bin:/bin').split(':').filter(Boolean),
  ...MORE_PLACES,
]

/** Those of the requirements that the host lacks. Looks at PATH, runs nothing. */
export function missing(requirements: readonly Requirement[], environment: Environment): readonly Requirement[] {
  const places = searchPath(environment)
  return requirements.filter(({ command }) => {
    if (path.isAbsolute(command)) return !fs.existsSync(command)
    return !places.some(place => isExecutable(path.join(place, command)))
  })
}

/**
 * @param wayOut the command that installs them
 * @throws Failure HOST_LACKS (exit 3) that names commands and packages
 */
export function requireCommands(
  requirements: readonly Requirement[],
  environment: Environment,
  wayOut = './netns.ts setup',
): void {
  const lacking = missing(requirements, environment)
  if (lacking.length === 0) return
  const names = lacking.map(({ command, package: name }) => `${command} (package ${name})`)
  throw environmentFailure('HOST_LACKS', `this host lacks ${names.join(', ')}`, { hint: `run: ${wayOut}` })
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false // the answer: whatever the reason, it cannot be run
  }
}
