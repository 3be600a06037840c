import fs from 'node:fs'

/** A package manager, and how its distribution names the packages of Debian that this program needs. */
export interface PackageManager {
  readonly name: 'apt' | 'dnf' | 'zypper' | 'pacman' | 'apk'
  /** The command that installs packages, without their names. */
  readonly install: string
  /** Names that differ from Debian's. An empty name: no package of the distribution has it. */
  readonly names: Readonly<Record<string, string>>
}

/** The distribution of this host, or of the container. */
export interface Distribution {
  /** `debian`, `ubuntu`, `fedora`; empty when unknown. */
  readonly id: string
  /** For messages: `Ubuntu 24.04.1 LTS`. */
  readonly name: string
  /** Undefined for an unknown distribution. */
  readonly manager: PackageManager | undefined
}

const APT: PackageManager = { name: 'apt', install: 'apt-get install --no-install-recommends', names: {} }

/** Names that most other distributions share. */
const SHARED = {
  bsdutils: 'util-linux',
  'busybox-static': 'busybox',
  gpg: 'gnupg',
  'gpg-agent': 'gnupg',
  gpgconf: 'gnupg',
  'groff-base': 'groff',
  'iputils-ping': 'iputils',
  'libxml2-utils': 'libxml2',
  'openssh-client': 'openssh-clients',
  'perl-base': 'perl',
  uidmap: 'shadow-utils',
  'xz-utils': 'xz',
}

/** apt and what belongs to it, where only other sources have them: the user's own builds, or other repositories. */
const NO_APT = { apt: '', 'debian-archive-keyring': '', mmdebstrap: '' }

const MANAGERS: Readonly<Record<string, PackageManager>> = {
  debian: APT,
  ubuntu: APT,
  fedora: {
    name: 'dnf',
    install: 'dnf install',
    names: {
      ...SHARED,
      'qemu-system-x86': 'qemu-system-x86-core',
      'qemu-system-arm': 'qemu-system-aarch64-core',
      'debian-archive-keyring': 'debian-keyring',
      gpg: 'gnupg2',
      'gpg-agent': 'gnupg2',
      gpgconf: 'gnupg2',
      'groff-base': 'groff-base',
      iproute2: 'iproute',
      shellcheck: 'ShellCheck',
    },
  },
  suse: {
    name: 'zypper',
    install: 'zypper install',
    names: {
      ...SHARED,
      ...NO_APT,
      'busybox-static': 'busybox-static',
      gpg: 'gpg2',
      'gpg-agent': 'gpg2',
      gpgconf: 'gpg2',
      'libxml2-utils': 'libxml2-tools',
      'man-db': 'man',
      'perl-base': 'perl',
      'qemu-system-x86': 'qemu-x86',
      'qemu-system-arm': 'qemu-arm',
      shellcheck: 'ShellCheck',
      uidmap: 'shadow',
      'squashfs-tools': 'squashfs',
      'containernetworking-plugins': 'cni-plugins',
    },
  },
  arch: {
    name: 'pacman',
    install: 'pacman -S --needed',
    names: {
      ...SHARED,
      'openssh-client': 'openssh',
      'qemu-system-arm': 'qemu-system-aarch64',
      uidmap: 'shadow',
      'containernetworking-plugins': 'cni-plugins',
      // Only in the AUR.
      mmdebstrap: '',
    },
  },
  alpine: {
    name: 'apk',
    install: 'apk add',
    names: {
      ...SHARED,
      mmdebstrap: '',
      bsdutils: 'util-linux-misc',
      'busybox-static': 'busybox-static',
      'libxml2-utils': 'libxml2-utils',
      'openssh-client': 'openssh-client',
      'qemu-system-x86': 'qemu-system-x86_64',
      'qemu-system-arm': 'qemu-system-aarch64',
      uidmap: 'shadow-subids',
      'util-linux': 'util-linux-misc flock setpriv',
      'containernetworking-plugins': 'cni-plugins',
    },
  },
}

/**
 * Reads os-release(5): the distribution, or one that it is like (`ID_LIKE`).
 * @param osRelease its text
 */
export function readDistribution(osRelease: string = readOsRelease()): Distribution {
  const value = (name: string) => new RegExp(`^${name}=["']?([^"'\n]*)["']?$`, 'm').exec(osRelease)?.[1] ?? ''
  const id = value('ID')
  const ids = [id, ...value('ID_LIKE').split(/\s+/)].map(each => (each.startsWith('opensuse') ? 'suse' : each))
  const known = ids.find(each => Object.hasOwn(MANAGERS, each))
  return {
    id,
    name: value('PRETTY_NAME') || id || 'an unknown system',
    manager: known === undefined ? undefined : MANAGERS[known],
  }
}

function readOsRelease(): string {
  for (const file of ['/etc/os-release', '/usr/lib/os-release']) {
    if (fs.existsSync(file)) return fs.readFileSync(file, 'utf8')
  }
  return ''
}

/** Translates names of Debian's packages; those that the distribution does not have are omitted. */
export const packageNames = ({ names }: PackageManager, packages: readonly string[]): readonly string[] => [
  ...new Set(packages.flatMap(name => (names[name] ?? name).split(' ').filter(Boolean))),
]
