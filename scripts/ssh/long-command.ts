import { usageFailure } from '../errors/failure.ts'

/** dropbear ends the whole connection for a command of 9,000 bytes or more (`MAX_CMD_LEN`). */
const LONGEST = 8192
/** The unit in which `dd` takes the command from the input. */
const BLOCK = 512
/** As much of a command as messages show. */
const SHOWN = 200

/** What is sent for a command. */
export interface SentForm {
  /** The command of the ssh request. */
  readonly line: string
  /** Goes before all other input. */
  readonly head?: Buffer
}

/**
 * The form in which a command is sent. A long one goes ahead of the input: a short one takes exactly as many blocks of that, and lets
 * the node's shell run them; what follows is the command's.
 * @param node its name, for the message
 * @throws Failure COMMAND_TOO_LONG (exit 2) for a long command with a terminal, whose input is not taken byte by byte
 */
export function sentForm(node: string, command: string, hasTerminal: boolean): SentForm {
  const length = Buffer.byteLength(command)
  if (length <= LONGEST) return { line: command }
  if (hasTerminal) {
    throw usageFailure(
      'COMMAND_TOO_LONG',
      `${node}: a command with a terminal may have ${LONGEST} bytes, this has ${length}`,
      {
        hint: 'copy it there as a script (netns.ts cp), or run it without a terminal',
      },
    )
  }
  const blocks = Math.ceil(length / BLOCK)
  // The shell takes no notice of line breaks at the end.
  const head = Buffer.alloc(blocks * BLOCK, '\n')
  head.write(command)
  return { line: `eval "$(dd bs=${BLOCK} count=${blocks} iflag=fullblock 2>/dev/null)"`, head }
}

/** A command in a message. */
export const shownCommand = (command: string): string =>
  command.length <= SHOWN ? command : `${command.slice(0, SHOWN)}… (${command.length} characters)`
