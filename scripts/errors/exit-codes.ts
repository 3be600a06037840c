/**
 * What the program's exit code says.
 * 1: a test failed or an input was corrupt; 2: wrong usage; 3: the environment lacks something;
 * 4: our own fault or the infrastructure's. Signals end with 128 + their number.
 */
export type ExitCode = 1 | 2 | 3 | 4

/** What the exit codes say to a person. */
export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'passed'],
  ['1', 'a test failed, or an archive is corrupt'],
  ['2', 'wrong usage'],
  ['3', 'the environment lacks something: a package, memory, a plugin; an ovl cannot be packed'],
  ['4', 'internal error, or the infrastructure failed: a VM died, ssh was lost, results are incomplete'],
  ['130, 143', 'ended by Ctrl-C, by SIGTERM'],
]
