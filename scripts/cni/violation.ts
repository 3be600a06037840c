/** The plugin violates a requirement; the message says how. */
export class Violation extends Error {}

/** A check could not be made: an operation that must succeed before it failed. */
export class Unmet extends Error {}

/** A check does not apply, which only its run could show. */
export class Inapplicable extends Error {}

/** @throws Violation */
export function requireThat(holds: boolean, why: string): asserts holds {
  if (!holds) throw new Violation(why)
}
