import fs from 'node:fs'
import path from 'node:path'
import type { NodeRecord } from '../cluster/own/cluster-record.ts'
import { replaceFile } from '../host/replace-file.ts'

/** The file by which `ssh -F` knows the nodes of a cluster, in the cluster's directory. */
const CONFIG = 'ssh_config'

/** A directory of empty files. */
const NODES = 'nodes'

/** How many connections to a node stay. rsh.sh tries as many. */
const CONNECTIONS = 4

/** A socket's name: unix(7) has 108 bytes with the final NUL; ssh makes it with a dot and 16 letters behind it. */
const LONGEST_SOCKET = 107 - 17
/** What `%n` stands for at most: `vm-001`. */
const LONGEST_NODE = 6

/**
 * Writes how OpenSSH's client logs in on each node, called by its number or name: `ssh_config` for one command, and `ssh_config-1` and so
 * on, by which the first command on a node opens a connection that stays for the next ones until the node ends. The names
 * are those of the files in `nodes` as well: by them rsh.sh knows what is no node, for which ssh would take this host.
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
    // Where the name is too long, ssh ends with an error: each command logs in by itself then.
    const stays =
      Buffer.byteLength(`${socket}-${'n'.repeat(LONGEST_NODE)}-${slot}`) > LONGEST_SOCKET
        ? ''
        : `\tControlMaster auto\n\tControlPersist yes\n\tControlPath ${configWord(socket, `-%n-${slot}`)}\n`
    replaceFile(inDirectory(`${CONFIG}-${slot}`), all + stays)
  }
  replaceFile(inDirectory(CONFIG), all)
  const words = nodes.flatMap(({ name, number }) => [name, String(number)])
  fs.mkdirSync(inDirectory(NODES), { recursive: true })
  for (const word of words) fs.writeFileSync(path.join(inDirectory(NODES), word), '')
  for (const word of fs.readdirSync(inDirectory(NODES)))
    if (!words.includes(word)) fs.rmSync(path.join(inDirectory(NODES), word))
}

/**
 * A file's name as ssh_config(5) takes it: in quotes, and with no percent sign that ssh would expand.
 * @param tokens what ssh is to expand, behind it
 */
const configWord = (file: string, tokens = ''): string =>
  `"${file.replaceAll('%', '%%').replaceAll(/["\\]/g, '\\$&')}${tokens}"`
