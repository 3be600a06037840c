/** An ovl for every node, packed by its own executable `tar`, as in xcluster. */
export interface OvlDirectory {
  readonly name: string
  /** Absolute path; contains `tar`. */
  readonly directory: string
}
