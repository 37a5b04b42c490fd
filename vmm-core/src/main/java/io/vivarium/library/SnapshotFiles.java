package io.vivarium.library;

import io.vivarium.memory.MemoryMap;
import java.util.Set;

/** Names of the files that a snapshot's folder holds. */
public final class SnapshotFiles {
  /** What the engine knows of the guest beside its machine. */
  public static final String ENGINE = "engine.json";

  /** The newest version of that file, and the first that carries a checksum. */
  public static final int ENGINE_VERSION = 3;

  public static final int ENGINE_SINCE = 2;

  static final String MACHINE = "machine";

  static final Set<String> ALL = Set.of(SnapshotCodec.FILE, ENGINE, MACHINE);
  static final Set<String> OF_MACHINE = Set.of(MemoryMap.NAME, MemoryMap.STATE);

  private SnapshotFiles() {}
}
