import fs from 'node:fs'
import path from 'node:path'
import type { NodeRecord } from '../cluster/own/cluster-record.ts'
import { replaceFile } from '../host/replace-file.ts'

/** The configuration for `ssh -F`, in the cluster's directory. */
const CONFIG = 'ssh_config'

/** A directory with an empty file for each node name and number. */
const NODES = 'nodes'

/** The number of persistent connections to a node; the same as in rsh.sh. */
const CONNECTIONS = 4

/** unix(7) allows 108 bytes with the final NUL; ssh first creates the socket with a suffix of a dot and 16 letters. */
const MAX_SOCKET_PATH = 107 - 17
/** The longest value of `%n`: `vm-001`. */
const MAX_NODE_NAME = 6

/**
 * Writes configurations for OpenSSH's client, with a host entry for the number and name of each node: `ssh_config` for
 * single commands, and `ssh_config-1` and so on for persistent connections, which later commands share. Also writes the
 * files in `nodes`, by which rsh.sh detects unknown nodes: ssh would connect them to this host.
 * @param hostKey the nodes' public key blob in base64
 */
export function writeSshConfig(clusterDirectory: string, nodes: readonly NodeRecord[], hostKey: string): void {
  const inDirectory = (name: string) => path.join(clusterDirectory, name)
  const hosts = nodes.map(({ name, number, port }) => `Host ${number} ${name}\n\tPort ${port}\n`)
  const common = `Host *
	HostName 127.0.0.1
	HostKeyAlias cluster
	User root
	IdentityFile ${configWord(inDirectory('id_ed25519'))}
	IdentitiesOnly yes
	IdentityAgent none
	BatchMode yes
	StrictHostKeyChecking yes
	UserKnownHostsFile ${configWord(inDirectory('known_hosts'))}
	GlobalKnownHostsFile /dev/null
	UpdateHostKeys no
	ServerAliveInterval 15
	ConnectTimeout 20
	LogLevel ERROR
`
  fs.writeFileSync(inDirectory('known_hosts'), `cluster ssh-ed25519 ${hostKey}\n`, { mode: 0o600 })
  const all = hosts.join('') + common
  for (let slot = 1; slot <= CONNECTIONS; slot++) {
    const socket = inDirectory('ssh')
    // With a path that is too long ssh would fail, so each command logs in separately then.
    const multiplexing =
      Buffer.byteLength(`${socket}-${'n'.repeat(MAX_NODE_NAME)}-${slot}`) > MAX_SOCKET_PATH
        ? ''
        : `\tControlMaster auto\n\tControlPersist yes\n\tControlPath ${configWord(socket, `-%n-${slot}`)}\n`
    replaceFile(inDirectory(`${CONFIG}-${slot}`), all + multiplexing)
  }
  replaceFile(inDirectory(CONFIG), all)
  const words = nodes.flatMap(({ name, number }) => [name, String(number)])
  fs.mkdirSync(inDirectory(NODES), { recursive: true })
  for (const word of words) fs.writeFileSync(path.join(inDirectory(NODES), word), '')
  for (const word of fs.readdirSync(inDirectory(NODES)))
    if (!words.includes(word)) fs.rmSync(path.join(inDirectory(NODES), word))
}

/**
 * Quotes a file name for ssh_config(5), with percent signs escaped.
 * @param tokens appended unescaped, for ssh to expand
 */
const configWord = (file: string, tokens = ''): string =>
  `"${file.replaceAll('%', '%%').replaceAll(/["\\]/g, '\\$&')}${tokens}"`
