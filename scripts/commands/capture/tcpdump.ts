import process from 'node:process'
import { Writable } from 'node:stream'
import { type ClusterChoice, onTarget } from '../../cluster/choice.ts'
import { commandLine, runAttached } from '../../command-line/attached.ts'
import { environmentFailure, usageFailure } from '../../errors/failure.ts'
import { shellScript } from '../../host/shell-script.ts'
import { plainText } from '../../host/text.ts'
import { expandHome } from '../../settings/home.ts'
import { lineSplitter } from '../../ssh/lines.ts'
import type { Node } from '../../ssh/node.ts'
import { quoteExec } from '../../ssh/quote.ts'
import { captureFile } from './file.ts'

/** What the options of `capture` say. */
export interface CaptureOptions extends ClusterChoice {
  /** `any` for all of them. */
  readonly interface: string
  /** A file of the host, or `-` for stdout; lines of text when missing. */
  readonly write?: string
  /** Packets. */
  readonly count?: number
}

const NOT_FOUND = 127
/** What tcpdump says in any case, before it begins. */
const NO_COMPLAINT = /verbose output suppressed|data link type|^\(.*\)$/
/** Of what it says before it begins. */
const MOST_COMPLAINTS = 20
/** What tcpdump ends with when it cannot capture what it is told. */
const REFUSED = 1

/**
 * The command line that captures in a VM or POD. In the VM the packets of the connection that carries what is captured are left
 * out, of which there would be no end.
 * @param filter an expression of pcap-filter(7)
 */
export function captureLine(
  node: Pick<Node, 'name'>,
  target: string,
  { interface: device, write, count }: CaptureOptions,
  filter: string,
): string {
  // Each packet at once. By default tcpdump would become a user that a VM need not have.
  const words = ['-i', device, '-U', '--immediate-mode', '-Z', 'root']
  if (count !== undefined) words.push('-c', String(count))
  words.push(...(write === undefined ? ['-n', '-l'] : ['-w', '-']))
  // What begins with a dash is no option.
  if (target !== node.name) return commandLine(node, target, ['tcpdump', ...words, '--', filter])
  return quoteExec(['/bin/sh', '-c', CAPTURE_IN_VM, 'capture', filter, ...words])
}

const CAPTURE_IN_VM = shellScript(import.meta.dirname, 'in-vm.sh')

/**
 * `capture`: shows the packets of a VM or POD as lines, or writes them as pcap, until a signal ends it.
 * @param filter an expression of pcap-filter(7); empty for all packets
 * @returns the exit code of tcpdump
 * @throws Failure BAD_OUTPUT or CAPTURE_REFUSED (exit 2), OUTPUT_FAILED or NO_TCPDUMP (exit 3), and of {@link onTarget}
 */
export async function captureOn(
  target: string,
  options: CaptureOptions,
  filter: string,
  signal: AbortSignal,
): Promise<number> {
  const { write } = options
  if (write === '-' && process.stdout.isTTY) {
    throw usageFailure('BAD_OUTPUT', 'standard output is a terminal, and pcap is no text', {
      hint: 'send it into a pipe (| wireshark -k -i -) or a file; without -w packets are lines',
    })
  }
  const file = write === undefined || write === '-' ? undefined : captureFile(expandHome('--write', write))
  try {
    return await onTarget(target, options, signal, node => runTcpdump(node, target, options, filter, file?.stream))
  } finally {
    await file?.close()
  }
}

/**
 * Text of packets, which anybody may have sent, without terminal codes. It takes no more than the output does: packets may come faster than
 * a terminal shows them.
 */
export function linesTo(output: Writable): Writable {
  let isFull = false
  const splitter = lineSplitter(line => {
    isFull = !output.write(`${plainText(line)}\n`)
  })
  const lines = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      isFull = false
      splitter.write(chunk)
      if (isFull && output.writableNeedDrain) output.once('drain', () => done())
      else done()
    },
    final: done => void splitter.end(done),
  })
  output.once('error', error => lines.destroy(error))
  lines.on('error', () => {}) // nobody reads it any more: the command ends
  return lines
}

async function runTcpdump(node: Node, target: string, options: CaptureOptions, filter: string, stdout?: Writable) {
  let begun = false
  const complaints: string[] = []
  const stderr = lineSplitter(line => {
    const text = plainText(line)
    begun ||= text.includes('listening on ')
    if (!NO_COMPLAINT.test(text) && complaints.length < MOST_COMPLAINTS) complaints.push(text)
    if (begun)
      process.stderr.write(
        complaints
          .splice(0)
          .map(said => `${said}\n`)
          .join(''),
      )
  })
  const line = captureLine(node, target, options, filter)
  const output = stdout ?? (options.write === undefined ? linesTo(process.stdout) : process.stdout)
  const exitCode = await runAttached(node.connection, line, { stderr, stdin: false, stdout: output })
  await new Promise<void>(resolve => stderr.end(resolve))
  if (output !== stdout && output !== process.stdout) await new Promise<void>(resolve => output.end(resolve))
  if (stdout?.errored) throw stdout.errored
  if (begun || ![REFUSED, NOT_FOUND].includes(exitCode)) return exitCode
  const why = complaints.map(said => said.replace(/^tcpdump: /, '')).join('; ')
  if (exitCode === NOT_FOUND)
    throw environmentFailure('NO_TCPDUMP', `there is no tcpdump on ${node.name}: ${why}`, {
      hint: 'an ovl with it can be named behind the test that starts the cluster',
    })
  throw usageFailure('CAPTURE_REFUSED', `${target}: tcpdump does not capture: ${why}`, {
    hint: `netns.ts inspect ${target} shows the interfaces, pcap-filter(7) what a filter is`,
  })
}
