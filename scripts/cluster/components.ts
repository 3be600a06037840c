import os from 'node:os'
import process from 'node:process'
import type { Component } from '../events/events.ts'
import { programVersion } from '../host/version.ts'
import { capture, type Node } from '../ssh/node.ts'

/** Versions of this program and the host. */
export const hostComponents = (): readonly Component[] => [
  { name: 'xcluster-netns', version: programVersion() },
  { name: 'node', version: process.versions.node },
  { name: 'host kernel', version: `${os.type()} ${os.release()}` },
]

/** The kernel version of a node. */
export async function guestKernel(node: Node, signal: AbortSignal): Promise<Component> {
  const { stdout } = await capture(node, ['uname', '-r'], signal)
  return { name: 'guest kernel', version: stdout.toString().trim() }
}
