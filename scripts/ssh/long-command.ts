import { usageFailure } from '../errors/failure.ts'

/** dropbear closes the connection for a command of 9,000 bytes or more (`MAX_CMD_LEN`). */
const MAX_BYTES = 8192
/** Block size with which `dd` reads the command from the input. */
const BLOCK = 512
const SHOWN = 200

export interface EncodedCommand {
  /** The command of the ssh request. */
  readonly line: string
  /** Precedes all other input. */
  readonly preamble?: Buffer
}

/**
 * Encodes a command for ssh. A long command is sent as the first blocks of the input: a short command reads exactly
 * these blocks and evaluates them. The rest of the input belongs to the command.
 * @param node its name, for the message
 * @throws Failure COMMAND_TOO_LONG (exit 2) for a long command with a terminal, which would change the input
 */
export function encodeCommand(node: string, command: string, hasTerminal: boolean): EncodedCommand {
  const length = Buffer.byteLength(command)
  if (length <= MAX_BYTES) return { line: command }
  if (hasTerminal) {
    throw usageFailure(
      'COMMAND_TOO_LONG',
      `${node}: a command with a terminal may have at most ${MAX_BYTES} bytes, this one has ${length}`,
      {
        hint: 'copy it there as a script (netns.ts cp), or run it without a terminal',
      },
    )
  }
  const blocks = Math.ceil(length / BLOCK)
  // Padded with newlines, which the shell ignores.
  const preamble = Buffer.alloc(blocks * BLOCK, '\n')
  preamble.write(command)
  return { line: `eval "$(dd bs=${BLOCK} count=${blocks} iflag=fullblock 2>/dev/null)"`, preamble }
}

/** Abbreviates a command for messages. */
export const abbreviate = (command: string): string =>
  command.length <= SHOWN ? command : `${command.slice(0, SHOWN)}… (${command.length} characters)`
