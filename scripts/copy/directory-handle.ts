import fs from 'node:fs'

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = fs.constants

/**
 * A directory by its descriptor: operations reach it even if its path is replaced. Uses /proc/self/fd, as Node has no
 * openat(2).
 */
export class DirectoryHandle {
  readonly descriptor: number

  private constructor(descriptor: number) {
    this.descriptor = descriptor
  }

  /** Follows links: for paths that the user named. */
  static open(directory: string): DirectoryHandle {
    return new DirectoryHandle(fs.openSync(directory, O_RDONLY | O_DIRECTORY))
  }

  /** @throws the system's error (ELOOP, ENOTDIR) for a link, or a file that is not a directory */
  openChild(name: string): DirectoryHandle {
    return new DirectoryHandle(fs.openSync(this.pathOf(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
  }

  /**
   * A path to a name in this directory. If it has several components, the caller must check those before the last for
   * links.
   */
  pathOf(name: string): string {
    return `/proc/self/fd/${this.descriptor}/${name}`
  }

  lstat(name: string): fs.Stats | undefined {
    return fs.lstatSync(this.pathOf(name), { throwIfNoEntry: false })
  }

  list(): readonly string[] {
    return fs.readdirSync(this.pathOf('.'))
  }

  close(): void {
    fs.closeSync(this.descriptor)
  }
}
