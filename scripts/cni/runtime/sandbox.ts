import { infrastructureFailure } from '../../errors/failure.ts'
import { shellScript } from '../../host/shell-script.ts'
import { shortText } from '../../host/text.ts'
import { NOT_FOUND, type NodeShell } from './shell.ts'

const SCRIPT = shellScript(import.meta.dirname, 'sandbox.sh')

/**
 * Ends all processes in the sandbox: those that plugins left, too. The mount namespace is held open, because the kernel
 * gives its number to the next sandbox as soon as it is gone.
 */
const END_ALL = `
open my $held, '<', "/proc/$ARGV[0]/ns/mnt" or exit;
my $own = readlink "/proc/$ARGV[0]/ns/mnt" or exit;
for (glob '/proc/[0-9]*') { kill KILL => m{(\\d+)} if (readlink("$_/ns/mnt") // '') eq $own }
`

/** The same with a process for each process of the node, without Perl. */
const END_ALL_BY_SHELL = `
exec 3<"/proc/$1/ns/mnt" || exit 0
own=$(readlink "/proc/$1/ns/mnt")
for process in /proc/[0-9]*; do
  [ "$(readlink "$process/ns/mnt" 2>/dev/null)" != "$own" ] || kill -KILL "\${process#/proc/}"
done
`

/** A copy of a node's network in its own namespaces, so that a plugin cannot affect the node. */
export interface Sandbox {
  readonly shell: NodeShell
  /** Removes it with all its containers. */
  remove(): Promise<void>
}

/**
 * Creates a sandbox: network and mount namespaces with interfaces named and addressed as the node's, each connected to
 * the network namespace `outside`; and empty /run, /var/lib/cni and /tmp.
 * @throws Failure CNI_NODES (exit 4)
 */
export async function createSandbox(node: NodeShell): Promise<Sandbox> {
  const { exitCode, stdout, stderr } = await node.run(['sh', '-c', SCRIPT])
  const pid = stdout.toString().trim()
  if (exitCode !== 0 || !/^\d+$/.test(pid)) {
    const why = shortText(stderr.toString()) || `exit status ${exitCode}`
    throw infrastructureFailure('CNI_NODES', `${node.name}: cannot create a sandbox: ${why}`, { node: node.name })
  }
  const enter = ['nsenter', `--net=/proc/${pid}/ns/net`, `--mount=/proc/${pid}/ns/mnt`]
  return {
    shell: { name: node.name, run: (words, stdin) => node.run([...enter, ...words], stdin) },
    remove: async () => {
      const ended = await node.run(['perl', '-e', END_ALL, pid])
      if (ended.exitCode === NOT_FOUND) await node.run(['sh', '-c', END_ALL_BY_SHELL, 'sh', pid])
    },
  }
}
