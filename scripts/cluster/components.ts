import os from 'node:os'
import process from 'node:process'
import { run } from '../host/command.ts'
import { programVersion } from '../host/version.ts'
import { capture, type Node } from '../node/node.ts'
import type { Component } from '../report/events.ts'

/** What every run of this program on this host is made with. */
export const hostComponents = (): readonly Component[] => [
  { name: 'xcluster-netns', version: programVersion() },
  { name: 'node', version: process.versions.node },
  { name: 'host kernel', version: `${os.type()} ${os.release()}` },
]

/** QEMU, as it tells its version in its first line. */
export async function qemuComponent(signal: AbortSignal): Promise<Component> {
  const text = await run('qemu-system-x86_64', ['--version'], { signal })
  return { name: 'qemu', version: (text.split('\n')[0] ?? '').replace('QEMU emulator version ', '') }
}

/** The kernel that a node runs. */
export async function guestKernel(node: Node, signal: AbortSignal): Promise<Component> {
  const { stdout } = await capture(node, ['uname', '-r'], signal)
  return { name: 'guest kernel', version: stdout.toString().trim() }
}
