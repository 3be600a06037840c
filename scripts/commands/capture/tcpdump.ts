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

/** Options of `capture`. */
export interface CaptureOptions extends ClusterChoice {
  /** `any` for all interfaces. */
  readonly interface: string
  /** A file on the host, or `-` for stdout; lines of text if missing. */
  readonly write?: string
  /** Packets. */
  readonly count?: number
}

const NOT_FOUND = 127
/** Lines that tcpdump always prints at the start. */
const NO_COMPLAINT = /verbose output suppressed|data link type|^\(.*\)$/
const MOST_COMPLAINTS = 20
/** tcpdump's exit status for invalid arguments. */
const REFUSED = 1

/**
 * The command line that captures on a node or in a POD. On a node, the packets of the connection itself are excluded:
 * capturing them would produce more of them, endlessly.
 * @param filter an expression of pcap-filter(7)
 */
export function captureLine(
  node: Pick<Node, 'name'>,
  target: string,
  { interface: device, write, count }: CaptureOptions,
  filter: string,
): string {
  // Prints each packet at once. By default, tcpdump would switch to a user that may be missing on a node.
  const words = ['-i', device, '-U', '--immediate-mode', '-Z', 'root']
  if (count !== undefined) words.push('-c', String(count))
  words.push(...(write === undefined ? ['-n', '-l'] : ['-w', '-']))
  // A filter may begin with a dash.
  if (target !== node.name) return commandLine(node, target, ['tcpdump', ...words, '--', filter])
  return quoteExec(['/bin/sh', '-c', CAPTURE_IN_VM, 'capture', filter, ...words])
}

const CAPTURE_IN_VM = shellScript(import.meta.dirname, 'in-vm.sh')

/**
 * `capture`: prints the packets of a node or POD as lines, or writes them as pcap, until a signal.
 * @param filter an expression of pcap-filter(7); empty for all packets
 * @returns the exit status of tcpdump
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
    throw usageFailure('BAD_OUTPUT', 'standard output is a terminal, but pcap is binary', {
      hint: 'redirect it to a pipe (| wireshark -k -i -) or a file; without -w, packets are printed as lines',
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
 * Prints packets, which are untrusted, without terminal codes. Applies backpressure: packets may arrive faster than a
 * terminal shows them.
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
  lines.on('error', () => {}) // the reader is gone: the command ends
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
          .map(line => `${line}\n`)
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
  const why = complaints.map(line => line.replace(/^tcpdump: /, '')).join('; ')
  if (exitCode === NOT_FOUND)
    throw environmentFailure('NO_TCPDUMP', `tcpdump is missing on ${node.name}: ${why}`, {
      hint: 'start the cluster with an ovl that contains tcpdump',
    })
  throw usageFailure('CAPTURE_REFUSED', `${target}: tcpdump failed: ${why}`, {
    hint: `netns.ts inspect ${target} lists the interfaces; see pcap-filter(7) for filters`,
  })
}
