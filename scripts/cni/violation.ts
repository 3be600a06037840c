/** The plugin violates a requirement; the message says how. */
export class Violation extends Error {}

/** A precondition of a check failed, so it proves nothing. */
export class Unmet extends Error {}

/** A check turned out not to apply after it had started. */
export class Inapplicable extends Error {}

/** @throws Violation with the reason unless a requirement holds */
export function requireThat(holds: boolean, why: string): asserts holds {
  if (!holds) throw new Violation(why)
}
