package io.vivarium.images.disk.qcow2;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Indexes of deep chains: who opens a layer finds the next one below it that has an index, and
 * opens nothing further down. So opening costs the same at depth 20 and at depth 1,000, but for a
 * look at each file's length and time.
 */
public final class Qcow2Indexes {
  /** Layers from one that has an index to the next. */
  private static final int EVERY = 16;

  private Qcow2Indexes() {}

  /** The file of a layer's index, there or not. */
  public static Path file(Path layer) {
    return Qcow2Index.file(layer);
  }

  /** The layer that a file is the index of by its name; null: it is no index. */
  public static @Nullable String layerOf(String file) {
    return Qcow2Index.layerOf(file);
  }

  /** Whether a sealed layer lies so high above the next index, or the bottom, that it wants one. */
  public static boolean wanted(Path layer) throws IOException {
    Path at = layer;
    for (int i = 0; i < EVERY; i++) {
      if (Files.exists(file(at))) {
        return false;
      }
      String name = String.valueOf(at.getFileName());
      String base = name.endsWith(".raw") ? null : Qcow2.backingFile(at);
      if (base == null || !Qcow2Index.isName(base)) {
        return false;
      }
      at = at.resolveSibling(base);
    }
    return true;
  }

  /** How many files a layer's disk is made of, as far as indexes tell; they may be out of date. */
  public static int depth(Path layer) throws IOException {
    Path at = layer;
    for (int depth = 1; ; depth++) {
      try {
        Qcow2Index index = Qcow2Index.parse(Files.readAllBytes(file(at)));
        return depth - 1 + index.layers().size() + (index.bottom() == null ? 0 : 1);
      } catch (IOException e) {
        // None, or a damaged one.
      }
      String name = String.valueOf(at.getFileName());
      String base = name.endsWith(".raw") ? null : Qcow2.backingFile(at);
      if (base == null || depth > BackingFiles.MAX_DEPTH) {
        return depth;
      }
      at = at.resolveSibling(base);
    }
  }

  /**
   * A sealed layer's index, as it is to stand in its file; null where it cannot have one. Nobody
   * may exchange layers meanwhile.
   */
  public static byte @Nullable [] make(Path layer) throws IOException {
    Qcow2Index index = Qcow2Index.of(layer, true);
    return index == null ? null : index.write();
  }

  /** Whether an index says what the layers do, each of which is opened. */
  public static boolean right(Path layer) throws IOException {
    Qcow2Index index = Qcow2Index.of(layer, false);
    return index != null && Arrays.equals(index.write(), Files.readAllBytes(file(layer)));
  }
}
