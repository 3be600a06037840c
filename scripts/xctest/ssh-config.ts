import fs from 'node:fs'
import path from 'node:path'
import type { NodeRecord } from '../cluster/vm/registry.ts'
import { replaceFile } from '../host/replace-file.ts'

/** The file by which `ssh -F` knows the nodes of a cluster, in the cluster's directory. */
const CONFIG = 'ssh_config'

/** A directory of empty files. */
const NODES = 'nodes'

/** How many connections to a node stay. rsh.sh tries as many. */
const CONNECTIONS = 4

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
	IdentityFile "${inDirectory('id_ed25519')}"
	IdentitiesOnly yes
	IdentityAgent none
	BatchMode yes
	StrictHostKeyChecking yes
	UserKnownHostsFile "${inDirectory('known_hosts')}"
	GlobalKnownHostsFile /dev/null
	UpdateHostKeys no
	ServerAliveInterval 15
	ConnectTimeout 20
	LogLevel ERROR
`
  fs.writeFileSync(inDirectory('known_hosts'), `cluster ssh-ed25519 ${hostKey}\n`, { mode: 0o600 })
  const all = hosts.join('') + common
  for (let slot = 1; slot <= CONNECTIONS; slot++) {
    const stays = `\tControlMaster auto\n\tControlPersist yes\n\tControlPath "${inDirectory(`ssh-%n-${slot}`)}"\n`
    replaceFile(inDirectory(`${CONFIG}-${slot}`), all + stays)
  }
  replaceFile(inDirectory(CONFIG), all)
  const words = nodes.flatMap(({ name, number }) => [name, String(number)])
  fs.mkdirSync(inDirectory(NODES), { recursive: true })
  for (const word of words) fs.writeFileSync(path.join(inDirectory(NODES), word), '')
  for (const word of fs.readdirSync(inDirectory(NODES)))
    if (!words.includes(word)) fs.rmSync(path.join(inDirectory(NODES), word))
}
