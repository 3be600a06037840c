import path from 'node:path'
import { shellScript } from '../host/shell-script.ts'

const script = (name: string) => shellScript(path.join(import.meta.dirname, 'sh'), 'common.sh', name)

/** What a copy does in a VM, and on this host where it reads: each file says what it does, and with which arguments. */
export const LOOK = script('look.sh')
export const SEND = script('send.sh')
export const RECEIVE = script('receive.sh')
export const KEEP = script('keep.sh')
