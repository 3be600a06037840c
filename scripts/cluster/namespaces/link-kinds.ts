import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { environmentFailure } from '../../errors/failure.ts'
import { childEnvironment } from '../../host/child-environment.ts'

const LIBRARY = path.resolve(import.meta.dirname, '../../../ovl/default/usr/lib/netns/prerequisites.sh')

/**
 * Checks that this host's kernel supports kinds of interface by creating one of each in a temporary namespace.
 * @param tree of the image, for its commands
 * @param test for the message
 * @throws Failure NO_KIND (exit 3) naming the missing ones
 */
export async function requireLinkKinds(kinds: readonly string[], tree: string, test: string): Promise<void> {
  if (kinds.length === 0) return
  const script = `${fs.readFileSync(LIBRARY, 'utf8')}\nfor kind; do probe_kind "$kind" || echo "$kind"; done`
  // Without devices, /dev/null would be created as a file.
  const enter = 'mount --rbind /dev "$1/dev" && exec chroot "$@"'
  const shell = ['/bin/sh', '-c', enter, 'sh', tree, '/bin/sh', '-c', script, 'sh', ...kinds]
  const words = ['--user', '--map-root-user', '--net', '--mount', ...shell]
  const { stdout } = await promisify(execFile)('unshare', words, { env: childEnvironment() })
  const lacking = stdout.split('\n').filter(Boolean)
  if (lacking.length > 0)
    throw environmentFailure(
      'NO_KIND',
      `${test} needs interfaces of the kind ${kinds.join(', ')}, and this host's kernel has no ${lacking.join(', ')}`,
      { hint: 'VMs have it: --cluster embedded' },
    )
}
