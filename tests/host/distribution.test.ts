import test from 'ava'
import { purposesOf } from '../../scripts/commands/setup/parts.ts'
import { packageNames, readDistribution } from '../../scripts/host/distribution.ts'

/**
 * os-release of each distribution, as it ships it, its package manager, and its names of all packages that a host
 * needs.
 */
const DEBIAN_NAMES = [
  'qemu-system-x86 vde2 squashfs-tools util-linux perl-base tar findutils uidmap mmdebstrap debian-archive-keyring',
  'apt dpkg kmod lz4 xz-utils zstd openssh-client containernetworking-plugins',
].join(' ')
const DISTRIBUTIONS = [
  [
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n',
    'apt',
    DEBIAN_NAMES,
  ],
  [
    'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\nVERSION_CODENAME=trixie\nID=debian\n',
    'apt',
    DEBIAN_NAMES,
  ],
  [
    'PRETTY_NAME="Ubuntu 22.04.5 LTS"\nNAME="Ubuntu"\nVERSION_ID="22.04"\nID=ubuntu\nID_LIKE=debian\n',
    'apt',
    DEBIAN_NAMES,
  ],
  [
    'PRETTY_NAME="Ubuntu 24.04.1 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\n',
    'apt',
    DEBIAN_NAMES,
  ],
  ['PRETTY_NAME="Linux Mint 22"\nID=linuxmint\nID_LIKE="ubuntu debian"\n', 'apt', DEBIAN_NAMES],
  [
    'NAME="Fedora Linux"\nVERSION="41 (Server Edition)"\nID=fedora\nPRETTY_NAME="Fedora Linux 41 (Server Edition)"\n',
    'dnf',
    'qemu-system-x86-core vde2 squashfs-tools util-linux perl tar findutils shadow-utils mmdebstrap debian-keyring ' +
      'apt dpkg kmod lz4 xz zstd openssh-clients containernetworking-plugins',
  ],
  [
    'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\nPRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"\n',
    'dnf',
    'qemu-system-x86-core vde2 squashfs-tools util-linux perl tar findutils shadow-utils mmdebstrap debian-keyring ' +
      'apt dpkg kmod lz4 xz zstd openssh-clients containernetworking-plugins',
  ],
  [
    'NAME="openSUSE Leap"\nID="opensuse-leap"\nID_LIKE="suse opensuse"\nPRETTY_NAME="openSUSE Leap 15.6"\n',
    'zypper',
    'qemu-x86 vde2 squashfs util-linux perl tar findutils shadow dpkg kmod lz4 xz zstd openssh-clients cni-plugins',
  ],
  [
    'NAME="openSUSE Tumbleweed"\nID="opensuse-tumbleweed"\nPRETTY_NAME="openSUSE Tumbleweed"\n',
    'zypper',
    'qemu-x86 vde2 squashfs util-linux perl tar findutils shadow dpkg kmod lz4 xz zstd openssh-clients cni-plugins',
  ],
  [
    'NAME="Arch Linux"\nPRETTY_NAME="Arch Linux"\nID=arch\nBUILD_ID=rolling\n',
    'pacman',
    'qemu-system-x86 vde2 squashfs-tools util-linux perl tar findutils shadow debian-archive-keyring apt dpkg kmod ' +
      'lz4 xz zstd openssh cni-plugins',
  ],
  [
    'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME="Alpine Linux v3.20"\n',
    'apk',
    'qemu-system-x86_64 vde2 squashfs-tools util-linux-misc flock setpriv perl tar findutils shadow-subids ' +
      'debian-archive-keyring apt dpkg kmod lz4 xz zstd openssh-client cni-plugins',
  ],
] as const

/** QEMU's package for a host of arm64. */
const QEMU_ARM: Readonly<Record<string, string>> = {
  apt: 'qemu-system-arm',
  dnf: 'qemu-system-aarch64-core',
  zypper: 'qemu-arm',
  pacman: 'qemu-system-aarch64',
  apk: 'qemu-system-aarch64',
}

const packagesFor = (architecture: 'amd64' | 'arm64') =>
  purposesOf(false, { architecture }, architecture).flatMap(({ requirements }) =>
    requirements.map(each => each.package),
  )

for (const [text, expected, names] of DISTRIBUTIONS) {
  const { name, manager } = readDistribution(text)
  test(`knows the packages of ${name}, on amd64 and arm64`, t => {
    if (!manager) return t.fail('unknown')
    t.is(manager.name, expected)
    t.true(text.includes(`PRETTY_NAME="${name}"`))
    t.is(packageNames(manager, packagesFor('amd64')).join(' '), names)
    const [qemu = '', ...others] = names.split(' ')
    t.not(qemu, QEMU_ARM[manager.name])
    t.deepEqual(packageNames(manager, packagesFor('arm64')), [QEMU_ARM[manager.name] ?? '', ...others])
  })
}

test('an unknown distribution has no package manager, but a name', t => {
  t.deepEqual(readDistribution('PRETTY_NAME="NixOS 24.05"\nID=nixos\n'), {
    id: 'nixos',
    name: 'NixOS 24.05',
    manager: undefined,
  })
  t.is(readDistribution('').name, 'an unknown system')
})

test('one package of Debian may be several, or none', t => {
  const alpine = readDistribution('ID=alpine\n').manager
  const arch = readDistribution('ID=arch\n').manager
  if (!alpine || !arch) return t.fail()
  t.deepEqual(packageNames(alpine, ['util-linux', 'util-linux']), ['util-linux-misc', 'flock', 'setpriv'])
  t.deepEqual(packageNames(arch, ['mmdebstrap', 'cpio']), ['cpio'])
})
