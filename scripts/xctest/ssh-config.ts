import fs from 'node:fs'
import path from 'node:path'
import type { NodeRecord } from '../cluster/vm/registry.ts'
import { replaceFile } from '../host/replace-file.ts'

/** The file by which `ssh -F` knows the nodes of a cluster, in the cluster's directory. */
const CONFIG = 'ssh_config'

/**
 * Writes how OpenSSH's client logs in on each node, called by its number or name. The first command on a node opens a connection that
 * stays, and the next ones use it: without a login they take a fifth of the time. It ends with the node.
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
	ControlMaster auto
	ControlPersist yes
	ControlPath "${inDirectory('ssh-%p')}"
	ServerAliveInterval 15
	ConnectTimeout 20
	LogLevel ERROR
`
  fs.writeFileSync(inDirectory('known_hosts'), `cluster ssh-ed25519 ${hostKey}\n`, { mode: 0o600 })
  replaceFile(inDirectory(CONFIG), hosts.join('') + common)
}
