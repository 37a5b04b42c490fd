package io.vivarium.library;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Hears of each step by which {@link DurableFiles} changes what is kept, before it is made. Tests
 * fail steps by it, end the work there as a {@code kill -9} would, and learn what a power loss may
 * take back.
 */
interface FileSteps {
  /** Kinds of steps. */
  enum Kind {
    /** A file's first contents, or new ones in place; not durable yet. */
    WRITE,
    /** A file's contents become durable. */
    SYNC_FILE,
    /** A folder's entries become durable: what was made, renamed and deleted in it. */
    SYNC_FOLDER,
    /** A new folder. */
    MAKE_FOLDER,
    /** A second name for a file. */
    LINK,
    /** One name becomes another, in place of what had it. */
    RENAME,
    /** A file or an empty folder goes. */
    DELETE
  }

  /**
   * Told before a step; a failure thrown here is the step's.
   *
   * @param path what is changed: for RENAME and LINK the name that there is
   * @param target the new name, for RENAME and LINK
   */
  void before(Kind kind, Path path, @Nullable Path target) throws IOException;

  /** Nobody listens. */
  FileSteps NONE = (kind, path, target) -> {};
}
