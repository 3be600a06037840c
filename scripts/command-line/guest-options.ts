import { type Command, Option } from 'commander'
import { completedBy } from './completion/source.ts'

/** Adds the options for what the nodes' image is built from. */
export const addGuestOptions = (command: Command): Command =>
  command
    .optionsGroup('Guests:')
    .addOption(
      completedBy(new Option('--guest <release>', 'Debian release of the nodes (default: bookworm)'), RELEASES),
    )
    .addOption(list('--package <names>', 'add Debian packages to the nodes; maintainer scripts are not run'))
    .addOption(completedBy(list('--kernel <kernels>', KERNEL), 'files'))
    .addOption(
      completedBy(
        new Option('--modules <directory>', 'modules of a kernel that is a file: its lib/modules/<version>'),
        'files',
      ),
    )
    .addOption(list('--module <names>', 'keep kernel modules with their dependencies, and load them at boot'))
    .addOption(
      completedBy(new Option('--arch <amd64|arm64>', "architecture of the VMs (default: the host's)"), [
        'amd64',
        'arm64',
      ]),
    )
    .option('--snapshot <time>', 'build the image from snapshot.debian.org as of this time: 20261101T000000Z')
    .option('--mirror <uri[,security uri]>', "Debian mirrors (default: the host's, or else deb.debian.org)")
    .addOption(
      completedBy(
        new Option('--keyring <file>', "keys that sign the mirror (default: Debian's archive keys)"),
        'files',
      ),
    )

const RELEASES = ['bookworm', 'trixie', 'forky', 'sid']
const KERNEL = "kernels of the VMs; `test` runs on each: Debian's 6.12 or 6.12-rt, or a file ./bzImage"

/** A repeatable option with a comma-separated list. */
const list = (flags: string, description: string) =>
  new Option(flags, description).argParser((value: string, before: string | undefined) =>
    before ? `${before},${value}` : value,
  )
