import { spawn } from 'node:child_process'
import { buffer } from 'node:stream/consumers'
import type { NodeShell } from '../../../scripts/cni/runtime/shell.ts'

/** Runs commands on this host, for what needs no node. */
export const localShell: NodeShell = {
  name: 'vm-001',
  run: async ([command = '', ...args], stdin = '') => {
    const child = spawn(command, args)
    // A command need not read its input.
    child.stdin.on('error', () => {})
    child.stdin.end(stdin)
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', code => resolve(code ?? 255))
    })
    const [stdout, stderr, exitCode] = await Promise.all([buffer(child.stdout), buffer(child.stderr), ended])
    return { exitCode, stdout, stderr }
  },
}
