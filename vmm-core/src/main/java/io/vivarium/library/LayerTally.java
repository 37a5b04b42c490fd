package io.vivarium.library;

import io.vivarium.linux.ErrnoException;
import io.vivarium.linux.FileSpace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Counts the bytes of layers by who needs them. Each layer is looked at once, however many stand on
 * it and however deep they are.
 */
final class LayerTally {
  /** What a layer stands on. */
  interface Bases {
    @Nullable String of(String layer) throws IOException;
  }

  private static final Object MANY = new Object();

  private final Path folder;
  private final Bases bases;
  private final Map<String, Layer> layers = new HashMap<>();

  /** One file: its blocks, those of all below it, and the one that needs it, or MANY. */
  private static final class Layer {
    final @Nullable Layer base;
    final int depth;
    final long own;
    final long length;
    final boolean linked;
    final long withBelow;
    @Nullable Object owner;

    Layer(@Nullable Layer base, FileSpace space) {
      this.base = base;
      this.depth = base == null ? 0 : base.depth + 1;
      this.own = space.allocated();
      this.length = space.length();
      this.linked = space.links() > 1;
      this.withBelow = own + (base == null ? 0 : base.withBelow);
    }

    void neededBy(Object other) {
      owner = owner == null || owner.equals(other) ? other : MANY;
    }
  }

  LayerTally(Path folder, Bases bases) {
    this.folder = folder;
    this.bases = bases;
  }

  /** Somebody needs the layer and all below it. */
  void need(String layer, Object who) throws IOException {
    layer(layer).neededBy(who);
  }

  private Layer layer(String name) throws IOException {
    Deque<String> names = new ArrayDeque<>();
    Set<String> seen = new HashSet<>();
    String at = name;
    while (at != null && !layers.containsKey(at)) {
      if (!seen.add(at)) {
        throw new IOException("the disk file " + at + " stands on itself");
      }
      names.push(at);
      at = bases.of(at);
    }
    Layer below = at == null ? null : layers.get(at);
    for (String each : names) {
      below = new Layer(below, space(each));
      layers.put(each, below);
    }
    if (below == null) {
      throw new IllegalStateException("no layer");
    }
    return names.isEmpty() ? below : java.util.Objects.requireNonNull(layers.get(name));
  }

  private FileSpace space(String layer) {
    try {
      return FileSpace.of(folder.resolve(layer));
    } catch (ErrnoException e) {
      return new FileSpace(0, 0, 1);
    }
  }

  /** Hands needs down, once all are known. */
  void settle() {
    List<Layer> all = new ArrayList<>(layers.values());
    all.sort(Comparator.comparingInt((Layer layer) -> layer.depth).reversed());
    for (Layer layer : all) {
      if (layer.base != null && layer.owner != null) {
        layer.base.neededBy(layer.owner);
      }
    }
  }

  /** Bytes that come free once this one does not need the layers any more. */
  long freed(List<String> tops, Object who) {
    long bytes = 0;
    for (String top : tops) {
      for (Layer at = layers.get(top); at != null && who.equals(at.owner); at = at.base) {
        bytes += at.linked ? 0 : at.own;
      }
    }
    return bytes;
  }

  /** Bytes of the layers and all below them. */
  long withBelow(List<String> tops) {
    long bytes = 0;
    for (String top : tops) {
      Layer at = layers.get(top);
      bytes += at == null ? 0 : at.withBelow;
    }
    return bytes;
  }

  /** Lengths of these layers' own files, holes counted too. */
  long lengths(List<String> tops) {
    long bytes = 0;
    for (String top : tops) {
      Layer at = layers.get(top);
      bytes += at == null ? 0 : at.length;
    }
    return bytes;
  }
}
