import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure } from '../errors/failure.ts'
import type { Environment } from './environment.ts'

/** A command or file that the program needs, and the Debian package that contains it. */
export interface Requirement {
  /** A name to find on PATH, or an absolute path. */
  readonly command: string
  readonly package: string
  /** Other files or commands that do as well. */
  readonly others?: readonly string[]
  /** Only needed for guests of this architecture. */
  readonly architecture?: 'amd64' | 'arm64'
}

/** The requirements for guests of some architectures. */
export const forArchitectures = (all: readonly Requirement[], names: readonly string[]): readonly Requirement[] =>
  all.filter(({ architecture }) => architecture === undefined || names.includes(architecture))

/** To run the embedded cluster. */
export const TO_RUN: readonly Requirement[] = [
  { command: 'qemu-system-x86_64', package: 'qemu-system-x86', architecture: 'amd64' },
  { command: 'qemu-system-aarch64', package: 'qemu-system-arm', architecture: 'arm64' },
  { command: 'vde_switch', package: 'vde2' },
  // Without the first, mksquashfs reads archives, too.
  { command: 'sqfstar', others: ['mksquashfs'], package: 'squashfs-tools' },
  { command: 'flock', package: 'util-linux' },
  { command: 'setpriv', package: 'util-linux' },
  { command: 'chrt', package: 'util-linux' },
]

/** To run a cluster of namespaces. Root does not need `uidmap`. */
export const TO_RUN_NAMESPACES: readonly Requirement[] = [
  { command: 'perl', package: 'perl-base' },
  { command: 'unsquashfs', package: 'squashfs-tools' },
  { command: 'tar', package: 'tar' },
  { command: 'find', package: 'findutils' },
  { command: 'newuidmap', package: 'uidmap' },
]

/** To run the tests of other ovls on the embedded cluster, too. */
export const TO_RUN_OVLS_TESTS: readonly Requirement[] = [{ command: 'ssh', package: 'openssh-client' }]

/** Debian's archive keys: in the packages of most distributions, in those of Fedora, and as apt's own keys. */
export const KEYRINGS: readonly string[] = [
  '/usr/share/keyrings',
  '/usr/share/distribution-gpg-keys/debian',
  '/etc/apt/trusted.gpg.d',
].flatMap(directory => ['gpg', 'pgp', 'asc'].map(suffix => `${directory}/debian-archive-keyring.${suffix}`))

/** To build the image of the embedded cluster, too. */
export const TO_BUILD: readonly Requirement[] = [
  { command: 'mmdebstrap', package: 'mmdebstrap' },
  { command: KEYRINGS[0] ?? '', others: KEYRINGS.slice(1), package: 'debian-archive-keyring' },
  { command: 'apt-get', package: 'apt' },
  { command: 'dpkg-deb', package: 'dpkg' },
  { command: 'mksquashfs', package: 'squashfs-tools' },
  { command: 'depmod', package: 'kmod' },
  { command: 'lz4', package: 'lz4' },
  { command: 'xz', package: 'xz-utils' },
  { command: 'zstd', package: 'zstd' },
]

/** To run the project's own tests and lint, too. `setup --tests` installs these packages. */
export const TO_TEST: readonly Requirement[] = [
  { command: 'busybox', package: 'busybox-static' },
  { command: '/usr/bin/chromium', package: 'chromium' },
  { command: 'cpio', package: 'cpio' },
  { command: 'fish', package: 'fish' },
  { command: 'fping', package: 'fping' },
  { command: 'gawk', package: 'gawk' },
  { command: 'gpg', package: 'gpg' },
  { command: 'gpg-agent', package: 'gpg-agent' },
  { command: 'gpgconf', package: 'gpgconf' },
  { command: 'groff', package: 'groff-base' },
  { command: 'ip', package: 'iproute2' },
  { command: 'man', package: 'man-db' },
  { command: 'mandoc', package: 'mandoc' },
  { command: 'mawk', package: 'mawk' },
  { command: 'mke2fs', package: 'e2fsprogs' },
  { command: 'nft', package: 'nftables' },
  { command: 'ping', package: 'iputils-ping' },
  { command: 'script', package: 'bsdutils' },
  { command: 'shellcheck', package: 'shellcheck' },
  { command: 'ssh', package: 'openssh-client' },
  { command: 'tcpdump', package: 'tcpdump' },
  { command: 'unshare', package: 'util-linux' },
  { command: 'unsquashfs', package: 'squashfs-tools' },
  { command: 'xmllint', package: 'libxml2-utils' },
  { command: 'xz', package: 'xz-utils' },
  { command: 'zsh', package: 'zsh' },
]

const ADMIN_DIRECTORIES = ['/usr/sbin', '/sbin']

/** The directories of PATH, and those of administrators' commands such as `depmod`. */
export const searchPath = (environment: Environment): readonly string[] => [
  ...(environment.PATH ?? '/usr/bin:/bin').split(':').filter(Boolean),
  ...ADMIN_DIRECTORIES,
]

/** Finds the requirements that the host lacks, without running a command. */
export const missing = (requirements: readonly Requirement[], environment: Environment): readonly Requirement[] =>
  requirements.filter(requirement => findPlace(requirement, environment) === undefined)

/** The path of a required command or file. An applet of busybox does not count: it lacks options that we use. */
export const findPlace = ({ command, others = [] }: Requirement, environment: Environment): string | undefined =>
  [command, ...others]
    .flatMap(name =>
      path.isAbsolute(name) ? [name] : searchPath(environment).map(directory => path.join(directory, name)),
    )
    .find(place => (path.isAbsolute(command) ? fs.existsSync(place) : isExecutable(place) && !isApplet(place)))

/** Whether a command is a link to busybox or toybox. */
const isApplet = (place: string): boolean =>
  !path.basename(place).startsWith('busybox') && /^(busy|toy)box/.test(path.basename(fs.realpathSync(place)))

/**
 * @param setup the command that installs them, for the hint
 * @throws Failure HOST_LACKS (exit 3) that names the missing commands and their packages
 */
export function requireCommands(
  requirements: readonly Requirement[],
  environment: Environment,
  setup = './netns.ts setup',
): void {
  const lacking = missing(requirements, environment)
  if (lacking.length === 0) return
  const names = lacking.map(({ command, package: name }) => `${command} (package ${name})`)
  throw environmentFailure('HOST_LACKS', `this host lacks ${names.join(', ')}`, { hint: `run: ${setup}` })
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false
  }
}
