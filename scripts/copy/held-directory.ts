import fs from 'node:fs'

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = fs.constants

/**
 * A directory by its descriptor: what is done in it is done there, wherever its name leads meanwhile. Node has no openat(2); Linux has the
 * same behind /proc/self/fd.
 */
export class HeldDirectory {
  readonly descriptor: number

  private constructor(descriptor: number) {
    this.descriptor = descriptor
  }

  /** Follows links: for what the user named. */
  static named(directory: string): HeldDirectory {
    return new HeldDirectory(fs.openSync(directory, O_RDONLY | O_DIRECTORY))
  }

  /** @throws the system's error (ELOOP, ENOTDIR) where the name is that of a link, or of no directory */
  below(name: string): HeldDirectory {
    return new HeldDirectory(fs.openSync(this.at(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
  }

  /** What the kernel takes for a name in this directory; of several parts, only the last one may be a link. */
  at(name: string): string {
    return `/proc/self/fd/${this.descriptor}/${name}`
  }

  lookAt(name: string): fs.Stats | undefined {
    return fs.lstatSync(this.at(name), { throwIfNoEntry: false })
  }

  names(): readonly string[] {
    return fs.readdirSync(this.at('.'))
  }

  close(): void {
    fs.closeSync(this.descriptor)
  }
}
